import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { OutsideError, UsageError } from '../errors.ts'
import { exists, makeFolder, namesIn, readIfExists, syncFolder, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import { lockFile } from '../system/lock.ts'
import { formatManifest, ID, MANIFEST, type Manifest, parseManifest } from './manifest.ts'
import { isOwn, type OwnCluster } from './own-cluster.ts'

/** Snapshots in a folder: one folder each, whole as soon as it has its name. */

export const VERIFICATION = 'verified.json'

const verificationSchema = z.object({ at: z.string(), deep: z.boolean(), ok: z.boolean(), found: z.string() })

/** What the last verification found. */
export type Verification = z.infer<typeof verificationSchema>

export interface Stored {
  readonly id: string
  readonly folder: string
  readonly manifest: Manifest
  readonly verification: Verification | null
  /** What is seen to be wrong without reading the data; null where nothing is. */
  readonly damage: string | null
}

/** All of a folder, oldest first, and the names of those whose manifest can't be read. */
export async function listSnapshots(dir: string): Promise<{ readonly snapshots: readonly Stored[]; readonly unreadable: readonly string[] }> {
  const snapshots: Stored[] = []
  const unreadable: string[] = []
  for (const id of (await namesIn(dir)).filter((name) => ID.test(name))) {
    const folder = join(dir, id)
    const text = await readIfExists(join(folder, MANIFEST))
    if (text === null) continue
    try {
      snapshots.push(await stored(folder, parseManifest(text, join(folder, MANIFEST))))
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error
      unreadable.push(id)
    }
  }
  return { snapshots: snapshots.toSorted((a, b) => (a.manifest.endedAt < b.manifest.endedAt ? -1 : 1)), unreadable }
}

/** One by its id, whosever it is; `latest` is the newest of the own cluster's. @throws UsageError `no-snapshot`; OutsideError `bad-manifest` */
export async function findSnapshot(dir: string, id: string, own: () => Promise<OwnCluster>): Promise<Stored> {
  const { snapshots, unreadable } = await listSnapshots(dir)
  const found = id === 'latest' ? await latestOf(dir, snapshots, await own()) : snapshots.find((one) => one.id === id)
  if (found !== undefined) return found
  if (unreadable.includes(id)) throw new OutsideError('bad-manifest', `the manifest of snapshot ${id} cannot be read`, 'It is damaged: take another copy.')
  const known = snapshots.map((one) => one.id)
  throw new UsageError('no-snapshot', `there is no snapshot ${JSON.stringify(id)} in ${dir}`, known.length === 0 ? 'Make one with galeractl snapshot create, or name another folder with --dir.' : `There are: ${known.slice(-5).join(', ')}.`)
}

async function latestOf(dir: string, snapshots: readonly Stored[], own: OwnCluster): Promise<Stored | undefined> {
  const latest = snapshots.findLast(({ manifest }) => isOwn(manifest, own))
  if (latest !== undefined || snapshots.length === 0) return latest
  throw new UsageError('no-snapshot', `there is no snapshot of this cluster (${own.name}) in ${dir}, only ${describeOthers(snapshots)}`, 'Take one with galeractl snapshot create. To use one of those, give its ID in place of latest.')
}

/** So many are named. */
const NAMED = 5

/** Those of other clusters, the newest of them by name, for people. */
export const describeOthers = (others: readonly Stored[]): string => `${others.length} of ${others.length === 1 ? 'another' : 'other clusters, or of others with that name'}: ${others.slice(-NAMED).map(({ id, manifest }) => `${id} (cluster ${manifest.cluster}, node ${manifest.node})`).join(', ')}${others.length > NAMED ? ', …' : ''}`

export async function writeVerification({ folder }: Stored, verification: Verification): Promise<void> {
  await writeFileAtomic(join(folder, VERIFICATION), `${JSON.stringify(verification)}\n`, 0o640)
}

/** A snapshot in the making: under a name that is never listed, locked as long as its maker lives. */
export interface Draft extends AsyncDisposable {
  readonly folder: string
  /** Gives it its name. */
  readonly commit: (manifest: Manifest) => Promise<Stored>
}

/**
 * Begins a snapshot; what is not committed is removed when it is disposed of, or by the next one where its maker was killed.
 * @throws UsageError `snapshot-exists`; RefusedError `locked`
 */
export async function draftSnapshot(dir: string, id: string): Promise<Draft> {
  await makeFolder(dir, 0o750)
  if (await exists(join(dir, id))) throw new UsageError('snapshot-exists', `there is a snapshot ${id} in ${dir} already`, 'Choose another --name.')
  await removeLeftovers(dir)
  const folder = join(dir, `.${id}.partial`)
  await makeFolder(folder, 0o750)
  const lock = await lockFile(join(folder, '.lock'), `snapshot ${id}`)
  return {
    folder,
    commit: async (manifest) => {
      await writeFileAtomic(join(folder, MANIFEST), formatManifest(manifest), 0o640)
      await rename(folder, join(dir, id))
      await rm(join(dir, id, '.lock'), { force: true })
      await syncFolder(dir)
      const made = await stored(join(dir, id), manifest)
      if (made.damage !== null) throw new OutsideError('damaged-part', `snapshot ${id}: ${made.damage}`, 'Somebody has removed it while it was made: take it again.')
      return made
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      await lock[Symbol.asyncDispose]()
    },
  }
}

/** Of makers that were killed, and of removals that were cut short. */
export async function removeLeftovers(dir: string): Promise<void> {
  for (const name of await namesIn(dir)) {
    if (!/^\..+\.(partial|removed)$/.test(name)) continue
    const folder = join(dir, name)
    try {
      await using _lock = await lockFile(join(folder, '.lock'), 'a snapshot')
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // Somebody is making it.
    }
  }
}

export async function removeSnapshot(dir: string, { id, folder }: Stored): Promise<void> {
  const gone = join(dir, `.${id}.removed`)
  await rename(folder, gone)
  await syncFolder(dir)
  await rm(gone, { recursive: true, force: true, maxRetries: 3 })
}

async function stored(folder: string, manifest: Manifest): Promise<Stored> {
  const verification = parseAs(verificationSchema, await readIfExists(join(folder, VERIFICATION)))
  return { id: manifest.id, folder, manifest, verification, damage: await damageOf(folder, manifest) }
}

async function damageOf(folder: string, manifest: Manifest): Promise<string | null> {
  for (const { name, bytes } of manifest.parts) {
    const size = await stat(join(folder, name)).then((info) => info.size, () => null)
    if (size === null) return `part ${name} is missing`
    if (size !== bytes) return `part ${name} has ${size} bytes, not ${bytes}`
  }
  return null
}
