import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { RefusedError } from '../errors.ts'
import { uuidSchema } from '../galera/schemas.ts'
import { makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import type { GearPaths } from './gear.ts'

const schema = z.object({
  /** What was asked for, as it was given: a run for anything else starts over. */
  words: z.string(),
  /** Of the snapshot: others may have its name. */
  identity: z.string(),
  /** What those words meant then: `latest`, or 15 minutes ago, would mean something else now. */
  target: z.string().nullable(),
  /** Of the data, for a replay; null: not known. */
  gtid: z.string().nullable(),
  snapshot: z.string(),
  /** The history that the snapshot is of. */
  history: uuidSchema,
  startedAt: z.string(),
  /**
   * The step that was finished last; two are steps that began. `replaying`: nobody knows how far, so it starts over. `swapping`: data/ is the old
   * or the new one, or away.
   */
  done: z.enum(['begun', 'unpacked', 'prepared', 'replaying', 'ready', 'swapping']),
  /** The history that begins with what was restored. */
  into: uuidSchema,
  /** Where the datadir of before is kept, in rescued/. */
  aside: z.string().regex(/^[A-Za-z0-9._-]+$/),
  /** Histories that are replaced; known when it is swapped. */
  replaces: z.array(uuidSchema).max(20),
})

/** A restore that has begun in this gear and has not ended. */
export type UnfinishedRestore = z.infer<typeof schema>

const file = (paths: GearPaths) => join(paths.restore, 'restore.json')

/** Null where there is none, or its note is damaged: then it starts over. */
export async function readUnfinishedRestore(paths: GearPaths): Promise<UnfinishedRestore | null> {
  return parseAs(schema, await readIfExists(file(paths)))
}

export async function writeUnfinishedRestore(paths: GearPaths, restore: UnfinishedRestore): Promise<void> {
  await makeFolder(paths.restore, 0o750)
  await writeFileAtomic(file(paths), `${JSON.stringify(restore)}\n`, 0o640)
}

export async function removeUnfinishedRestore(paths: GearPaths): Promise<void> {
  await rm(paths.restore, { recursive: true, force: true, maxRetries: 3 })
}

/** Between the old datadir and the new one nothing may start, or make a datadir. @throws RefusedError `restore-unfinished` */
export async function refuseWhileSwapping(paths: GearPaths): Promise<void> {
  const restore = await readUnfinishedRestore(paths)
  if (restore?.done === 'swapping') throw new RefusedError('restore-unfinished', `the restore of snapshot ${restore.snapshot} was interrupted while it exchanged the datadir`, `Run galeractl restore ${restore.snapshot} again: it goes on where it was.`)
}
