import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureAgent } from '../agent/spawn-agent.ts'
import { OutsideError, RefusedError, UsageError } from '../errors.ts'
import { describeTarget, type ReplayTarget } from '../galera/replay-plan.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { readUnfinishedRestore, type UnfinishedRestore } from '../gear/unfinished-restore.ts'
import { awaitPeers } from '../recovery/await-peers.ts'
import { exchange, look } from '../recovery/exchange.ts'
import { describeReplayed } from '../recovery/replay.ts'
import { identityOf, restoreGear, type RestoreOptions, type RestoreResult } from '../recovery/restore.ts'
import { requireScope, type Scope } from '../recovery/restore-checks.ts'
import { formatTarget, isFresh, meaningOf, type RestoreRequest, wordsOf } from '../recovery/restore-request.ts'
import { archiveSource } from '../snapshot/archive.ts'
import { operatorCommand } from '../snapshot/operator-command.ts'
import { type SnapshotSource, storedSource } from '../snapshot/source.ts'
import { findSnapshot, listSnapshots } from '../snapshot/store.ts'
import { fileError } from '../system/files.ts'
import { lockFile } from '../system/lock.ts'
import { lateMeter, type Tell } from '../system/progress.ts'
import { abortOnSignals } from '../system/signals.ts'
import { type Context, type Given, text } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { withProgress } from './progress-output.ts'
import { confirmRestore } from './restore-confirmation.ts'
import { keyOf, ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id]: readonly string[]): Promise<number> {
  const timeout = timeoutOption(given)
  // Before root becomes the owner of the gear, who may not read it.
  const key = await keyOf(given)
  const { gear, dir } = await snapshotFolder(context, given)
  const config = configOf(gear)
  const scope = { cluster: given['cluster'] === true, without: Array.isArray(given['without']) ? (given['without'] as readonly string[]) : [] }
  const request: RestoreRequest = { id, dir, from: text(given, 'from'), fromCommand: text(given, 'fromCommand'), toTime: text(given, 'toTime'), toGtid: text(given, 'toGtid'), toLatest: given['toLatest'] === true }
  const signal = abortOnSignals()
  const result = await withProgress(context, `Restore on ${config.name}`, 'results', async (tell) => {
    await using _lock = await lockFile(join(gear.paths.run, 'restore.lock'), 'a restore')
    return (await finishExchange(gear, request, scope, given, tell, signal)) ?? (await restore(gear, request, { ...scope, key, tell, signal }, given))
  })
  const start = given['start'] !== false
  if (start) {
    await ensureAgent(gear.paths)
    await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}`)
    if (scope.cluster) await withProgress(context, 'The other nodes take the restored state', 'results', (tell) => awaitPeers(gear, result, timeout ?? config.startTimeout, tell, signal))
  }
  context.print(context.json ? JSON.stringify({ restored: { history: result.into, snapshot: result.snapshot, peers: result.peers, replayed: result.replayed } }, bigintAsText) : outcome(gear, result, start))
  return 0
}

async function restore(gear: Gear, request: RestoreRequest, common: Scope & Pick<RestoreOptions, 'key' | 'tell' | 'signal'>, given: Given): Promise<RestoreResult> {
  const { id, target } = meaningOf(request, await readUnfinishedRestore(gear.paths), new Date())
  const point = target === null ? null : { target, archive: archiveOf(given, configOf(gear).archive) }
  const source = await sourceOf(gear, request, id, common.tell, common.signal)
  try {
    return await restoreGear(gear, source, {
      ...common,
      point,
      words: wordsOf(request),
      target: formatTarget(target),
      confirm: (surroundings, goesOnAfter) => confirmRestore(describe(source, target), configOf(gear).clusterName, surroundings, goesOnAfter, text(given, 'yes')),
    })
  } finally {
    source.close()
  }
}

/** Where the data is ready, or already half exchanged, neither the snapshot nor its key is needed any more. @returns null where that is not so */
async function finishExchange(gear: Gear, request: RestoreRequest, scope: Scope, given: Given, tell: Tell, signal: AbortSignal): Promise<RestoreResult | null> {
  const unfinished = await readUnfinishedRestore(gear.paths)
  if (unfinished?.done !== 'ready' && unfinished?.done !== 'swapping') return null
  const same = unfinished.words === wordsOf(request) || (unfinished.done === 'swapping' && request.id === unfinished.snapshot)
  if (!same && unfinished.done === 'swapping') throw new RefusedError('other-restore', `the restore of snapshot ${unfinished.snapshot} was interrupted while it exchanged the datadir`, `Finish it first: galeractl restore ${unfinished.snapshot}.`)
  if (!same || !isFresh(unfinished, new Date()) || (unfinished.done === 'ready' && !(await isStillOf(unfinished, request)))) return null
  if (unfinished.done === 'ready') await confirmReady(gear, unfinished, scope, text(given, 'yes'))
  return { ...(await exchange(gear, unfinished, { ...scope, tell, signal })), replayed: null }
}

/** Of a stream nobody knows before it is read; a snapshot that is gone meanwhile was the one. */
async function isStillOf({ snapshot, identity }: UnfinishedRestore, { id, dir }: RestoreRequest): Promise<boolean> {
  if (id === undefined) return false
  const { snapshots } = await listSnapshots(dir)
  const there = snapshots.find((one) => one.id === snapshot)
  return there === undefined || identityOf(there.manifest) === identity
}

async function confirmReady(gear: Gear, { snapshot, target, done }: UnfinishedRestore, scope: Scope, yes: string | undefined): Promise<void> {
  const surroundings = await look(gear)
  requireScope(surroundings, scope)
  await confirmRestore(`Snapshot ${snapshot}${target === null ? '' : `, and the archive up to ${target}`}.`, configOf(gear).clusterName, surroundings, done, yes)
}

function archiveOf(given: Given, setting: string | null): string {
  const archive = text(given, 'archive') ?? setting
  if (archive === null) throw new UsageError('no-archive', 'this gear has no archive of binary logs', 'Name the folder with --archive DIR.')
  return archive
}

/** A snapshot of the folder, or an archive: a file, stdin, or what a command prints. */
async function sourceOf(gear: Gear, { dir, from, fromCommand }: RestoreRequest, id: string | undefined, tell: Tell, signal: AbortSignal): Promise<SnapshotSource> {
  if (id !== undefined) {
    const stored = await findSnapshot(dir, id, () => ownCluster(gear))
    if (stored.damage !== null) throw new OutsideError('damaged-part', `snapshot ${stored.id}: ${stored.damage}`, 'Take another copy, or another snapshot.')
    return storedSource(stored, lateMeter('unpacking', stored.manifest.bytes, tell))
  }
  if (fromCommand !== undefined) {
    const { input, output, ended, kill } = operatorCommand(fromCommand, '--from-command')
    input.end()
    return archiveSource(output, signal, { explain: () => ended, end: kill })
  }
  if (from === '-') return archiveSource(process.stdin, signal)
  const handle = await open(from ?? '', 'r').catch((cause) => {
    throw fileError('read', from ?? '', cause)
  })
  return archiveSource(handle.createReadStream({ highWaterMark: 1024 * 1024 }), signal)
}

const describe = ({ head }: SnapshotSource, target: ReplayTarget | null): string => `Snapshot ${head.id} of cluster ${head.cluster}, node ${head.node}, begun ${head.startedAt}${target === null ? '' : `, and the archive ${describeTarget(target)}`}.`

function outcome(gear: Gear, { into, peers, replayed }: RestoreResult, started: boolean): string {
  return [
    `restored: a new history begins, ${into}`,
    ...(replayed === null ? [] : [describeReplayed(replayed)]),
    ...(started ? [] : [`Run galeractl start --gear ${gear.paths.dir}.`]),
    ...(peers.length === 0 ? [] : [`${peers.join(', ')} ${peers.length === 1 ? 'takes' : 'take'} the restored state; see galeractl status.`]),
    'The datadir of before is kept: galeractl rescued.',
  ].join('\n')
}
