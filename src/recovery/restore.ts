import { randomUUID } from 'node:crypto'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Replayed } from '../archive/replay.ts'
import { UsageError } from '../errors.ts'
import { NIL_UUID } from '../galera/gtid.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { readUnfinishedRestore, type UnfinishedRestore, writeUnfinishedRestore } from '../gear/unfinished-restore.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { dataBytes } from '../snapshot/backup.ts'
import { requireKey } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import type { Head } from '../snapshot/manifest.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import type { Tell } from '../system/progress.ts'
import { exchange, type Exchanged, look } from './exchange.ts'
import { requireFindable } from './folded-names.ts'
import { foreseeReplay, gtidOf, type PointInTime, replay } from './replay.ts'
import { requireScope, requireSeries, requireSpace, type Scope, type Surroundings } from './restore-checks.ts'
import { isFresh } from './restore-request.ts'
import { settleEvents } from './settle-events.ts'
import { giveUsers, load, makeDurable, prepare, type Stage, unpack, withServer } from './stage.ts'

export interface RestoreOptions extends Scope {
  readonly key: Key | null
  /** What was asked for, as it was given. */
  readonly words: string
  /** Beyond the snapshot, by the archive; null: not. */
  readonly point: PointInTime | null
  /** What `point` is up to, for a later run; null: not. */
  readonly target: string | null
  /** Asked when everything was checked and nothing was changed. Throws where it is not wanted. */
  readonly confirm: (surroundings: Surroundings, goesOnAfter: UnfinishedRestore['done'] | null) => Promise<void>
  readonly tell: Tell
  readonly signal: AbortSignal
}

export interface RestoreResult extends Exchanged {
  /** What the archive added; null: it was not asked, or an earlier run did it. */
  readonly replayed: Replayed | null
}

/**
 * Makes a datadir of a snapshot beside the present one, then stops what runs on this gear, exchanges the two, and begins a new history. What runs on
 * other gears stops when this gear's agent asks for it. Nothing is touched before all was checked; interrupted, the next run for the same words goes on
 * where it was. The caller holds the gear's restore lock.
 */
export async function restoreGear(gear: Gear, source: SnapshotSource, options: RestoreOptions): Promise<RestoreResult> {
  const { paths } = gear
  const config = configOf(gear)
  const { head } = source
  const mariadb = await findMariadb(config.mariadbBin)
  requireSeries(head, mariadb.series)
  requireKey(head, options.key)
  await foresee(source, options.point)
  const identity = identityOf(head)
  const unfinished = goesOn(await readUnfinishedRestore(paths), options.words, identity)
  const surroundings = await look(gear)
  if (unfinished === null) await requireRoom(gear, source)
  requireScope(surroundings, options)
  await options.confirm(surroundings, unfinished?.done ?? null)

  if (unfinished === null) await rm(paths.restore, { recursive: true, force: true, maxRetries: 3 })
  let restore: UnfinishedRestore = unfinished ?? { words: options.words, identity, target: options.target, gtid: null, snapshot: head.id, history: NIL_UUID, startedAt: new Date().toISOString(), done: 'begun', into: randomUUID(), aside: `${config.name}-${new Date().toISOString().replace(/[:.]/g, '')}`, replaces: [] }
  const stage: Stage = { paths, config, mariadb, data: join(paths.restore, 'data'), server: join(paths.run, 'restore'), beside: surroundings.running, tell: options.tell, signal: options.signal }
  const finished = async (done: UnfinishedRestore['done'], more: Partial<UnfinishedRestore> = {}) => {
    restore = { ...restore, ...more, done }
    await writeUnfinishedRestore(paths, restore)
  }
  if (restore.done === 'begun') {
    await finished('begun')
    if (head.kind === 'logical') await load(stage, source, options.key)
    else await unpack(stage, source, options.key)
    const { position, gtid } = await source.manifest()
    await finished(head.kind === 'logical' ? 'prepared' : 'unpacked', { history: position.uuid, gtid })
  }
  if (restore.done === 'unpacked') {
    await prepare(stage)
    await finished('prepared', options.point === null ? {} : { gtid: await gtidOf(stage) })
  }
  let replayed: Replayed | null = null
  if (restore.done === 'prepared') {
    const { point } = options
    const from = point === null ? '' : requireGtid(restore.gtid, head.id)
    if (point !== null) await finished('replaying')
    await withServer(stage, async (access) => {
      if (head.kind === 'physical') await requireFindable(stage, access)
      await settleEvents(stage, access, head.events)
      if (point !== null) replayed = await replay(stage, access, point, restore.history, from)
      await giveUsers(stage, access)
    })
    await makeDurable(stage)
    await finished('ready')
  }
  return { ...(await exchange(gear, restore, options)), replayed }
}

/** What tells a snapshot from another of its name. */
export const identityOf = ({ id, startedAt, node, cluster }: Head): string => JSON.stringify([id, startedAt, node, cluster])

/** One that was interrupted, if it was for the same words; nobody knows how far a replay came. */
function goesOn(found: UnfinishedRestore | null, words: string, identity: string): UnfinishedRestore | null {
  return found !== null && found.words === words && found.identity === identity && isFresh(found, new Date()) && found.done !== 'replaying' && found.done !== 'begun' ? found : null
}

/** What an earlier run has left goes first. */
async function requireRoom({ paths }: Gear, { head }: SnapshotSource): Promise<void> {
  const { bavail, bsize } = await statfs(paths.dir)
  const left = await dataBytes(paths.restore).catch(() => 0)
  requireSpace(head, bavail * bsize + left, paths.dir)
}

/** What the archive lacks is told before hours were spent on unpacking. Of a stream, and of a physical one without a binary log, the GTID is not known yet. */
async function foresee({ bytes, manifest }: SnapshotSource, point: PointInTime | null): Promise<void> {
  if (point === null || bytes === null) return
  const { gtid, position, id, kind } = await manifest()
  if (kind === 'physical' && (gtid === null || gtid === '')) return
  await foreseeReplay(point, position.uuid, requireGtid(gtid, id))
}

/** @throws UsageError `no-gtid` */
function requireGtid(gtid: string | null, id: string): string {
  if (gtid === null || gtid === '') throw new UsageError('no-gtid', `no GTID is known of snapshot ${id}: it was taken without a binary log`, 'Take one that was made when the archive was on.')
  return gtid
}
