import { randomUUID } from 'node:crypto'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { commandAgent } from '../agent/control-client.ts'
import { agentEnding } from '../agent/spawn-agent.ts'
import { derive } from '../config/secrets.ts'
import type { Replayed } from '../archive/replay.ts'
import { OutsideError, UsageError } from '../errors.ts'
import type { Observation } from '../galera/observation.ts'
import { isHistory } from '../galera/gtid.ts'
import { othersOf } from '../galera/peer-list.ts'
import { historyOf } from '../galera/replaced.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { configOf, type Gear, gearServerFiles } from '../gear/gear.ts'
import { readUnfinishedRestore, type UnfinishedRestore, writeUnfinishedRestore } from '../gear/unfinished-restore.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { clearDeadServer, findServer } from '../mariadb/server.ts'
import { askPeers } from '../peers/ask.ts'
import { requireKey } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { lockFile } from '../system/lock.ts'
import { began, type Tell } from '../system/progress.ts'
import { foreseeReplay, gtidOf, type PointInTime, replay } from './replay.ts'
import { requireScope, requireSeries, requireSpace, type Scope } from './restore-checks.ts'
import { giveUsers, load, makeDurable, prepare, type Stage, unpack, withServer } from './stage.ts'
import { swap } from './swap.ts'

export interface RestoreOptions extends Scope {
  readonly key: Key | null
  /** Beyond the snapshot, by the archive; null: not. */
  readonly point: PointInTime | null
  /** Asked when everything was checked and nothing was changed. Throws where it is not wanted. */
  readonly confirm: (facts: Foreseen) => Promise<void>
  readonly tell: Tell
  readonly signal: AbortSignal
}

/** What a restore is about to do. */
export interface Foreseen {
  readonly cluster: string
  readonly peers: readonly Observation[]
  readonly running: boolean
  /** Goes on with one that was interrupted, after this step. */
  readonly goesOnAfter: UnfinishedRestore['done'] | null
}

export interface RestoreResult {
  readonly into: string
  /** What the archive added; null: it was not asked. */
  readonly replayed: Replayed | null
  /** Peers that answered, and so take the restored state. */
  readonly peers: readonly string[]
}

/**
 * Makes a datadir of a snapshot beside the present one, then stops what runs on this gear, exchanges the two, and begins a new history. What runs on
 * other gears stops when this gear's agent tells them. Nothing is touched before all was checked; interrupted, the next run goes on where it was.
 */
export async function restoreGear(gear: Gear, source: SnapshotSource, options: RestoreOptions): Promise<RestoreResult> {
  const { paths } = gear
  const config = configOf(gear)
  const { head } = source
  await using _lock = await lockFile(join(paths.run, 'restore.lock'), 'a restore')
  const mariadb = await findMariadb(config.mariadbBin)
  requireSeries(head, mariadb.series)
  requireKey(head, options.key)
  const { what, unfinished } = await unfinishedOf(gear, source, options.point)
  const surroundings = await look(gear)
  await foresee(source, options.point)
  if (unfinished === null || unfinished.done === 'begun') {
    await rm(paths.restore, { recursive: true, force: true, maxRetries: 3 })
    const { bavail, bsize } = await statfs(paths.dir)
    requireSpace(head, bavail * bsize, paths.dir)
  }
  if (unfinished?.done !== 'swapping') requireScope(surroundings, options)
  await options.confirm({ cluster: config.clusterName, peers: surroundings.peers, running: surroundings.running, goesOnAfter: unfinished?.done ?? null })

  let restore: UnfinishedRestore = unfinished ?? { what, snapshot: head.id, history: '00000000-0000-0000-0000-000000000000', startedAt: new Date().toISOString(), done: 'begun', into: randomUUID(), aside: `${config.name}-${new Date().toISOString().replace(/[:.]/g, '')}`, replaces: [] }
  const data = join(paths.restore, 'data')
  const stage: Stage = { paths, config, mariadb, data, server: join(paths.run, 'restore'), tell: options.tell, signal: options.signal }
  const finished = async (done: UnfinishedRestore['done'], more: Partial<UnfinishedRestore> = {}) => {
    restore = { ...restore, ...more, done }
    await writeUnfinishedRestore(paths, restore)
  }
  if (restore.done === 'begun') {
    await writeUnfinishedRestore(paths, restore)
    if (head.kind === 'logical') await load(stage, source, options.key)
    else await unpack(stage, source, options.key)
    await finished(head.kind === 'logical' ? 'prepared' : 'unpacked', { history: (await source.manifest()).position.uuid })
  }
  if (restore.done === 'unpacked') {
    await prepare(stage)
    await finished('prepared')
  }
  let replayed: Replayed | null = null
  if (restore.done === 'prepared') {
    const { point } = options
    const from = point === null ? null : head.kind === 'logical' ? (await source.manifest()).gtid : await gtidOf(stage)
    if (point !== null) await finished('replaying')
    await withServer(stage, async (access) => {
      if (point !== null) replayed = await replay(stage, access, point, restore.history, from ?? '')
      await giveUsers(stage, access)
    })
    await makeDurable(stage)
    await finished('ready')
  }
  options.signal.throwIfAborted()
  options.tell(began('stopping what runs on this gear'))
  await stopGear(gear)
  // Who answers now is asked for its history once more: it may have changed while the data was made.
  const { peers } = await look(gear)
  const replaces = [...new Set([...surroundings.peers, ...peers].flatMap((peer) => (peer.kind === 'silent' ? [] : [historyOf(peer)])).filter(isHistory))]
  await using _agent = await lockFile(paths.agentLock, 'an agent')
  if ((await findServer(gearServerFiles(paths))) !== null) throw new OutsideError('still-running', 'mariadbd was started again meanwhile', 'Stop whoever starts it, then run galeractl restore again: it goes on where it was.')
  options.tell(began('exchanging the datadir'))
  await swap(paths, config, { ...restore, replaces: [...new Set([...restore.replaces, ...replaces])] }, data)
  return { into: restore.into, replayed, peers: peers.filter(({ kind }) => kind !== 'silent').map(({ name }) => name) }
}

/** One that was interrupted, if it was of the same snapshot up to the same moment. */
async function unfinishedOf(gear: Gear, { head }: SnapshotSource, point: PointInTime | null): Promise<{ what: string; unfinished: UnfinishedRestore | null }> {
  const what = `${head.id} ${head.startedAt} ${JSON.stringify(point?.target ?? null, bigintAsText)}`
  const found = await readUnfinishedRestore(gear.paths)
  const goesOn = found !== null && found.done !== 'replaying' && (found.what === what || found.done === 'swapping')
  return { what, unfinished: goesOn ? found : null }
}

/** What the archive lacks is told before hours were spent on unpacking. Of a stream the GTID is not known yet. */
async function foresee({ bytes, manifest }: SnapshotSource, point: PointInTime | null): Promise<void> {
  if (point === null || bytes === null) return
  const { gtid, position, id } = await manifest()
  if (gtid === null || gtid === '') throw new UsageError('no-gtid', `snapshot ${id} was taken without a binary log: no GTID of it is known`, 'Take one that was made when the archive was on.')
  await foreseeReplay(point, position.uuid, gtid)
}

async function look(gear: Gear): Promise<{ running: boolean; peers: readonly Observation[] }> {
  const config = configOf(gear)
  const others = othersOf(config.peers ?? [], config.own)
  const peers = await askPeers(others, { key: derive(config.secret, 'agent-messages'), clusterName: config.clusterName, timeout: config.probeTimeout })
  return { running: (await findServer(gearServerFiles(gear.paths))) !== null, peers }
}

/** Agent and mariadbd, as `galeractl stop` does it. */
async function stopGear({ paths }: Gear): Promise<void> {
  const ending = await agentEnding(paths)
  await commandAgent(paths.agentSocket, '/stop?timeout=&keep-agent=no', () => undefined)
  await ending()
  await clearDeadServer(gearServerFiles(paths))
}

