import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { ensureAgent } from '../agent/spawn-agent.ts'
import { RefusedError, UsageError } from '../errors.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { parseServerGtid } from '../galera/server-gtid.ts'
import { describeTarget, type ReplayTarget } from '../galera/replay-plan.ts'
import { describeObservation } from '../galera/observation.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { describeReplayed } from '../recovery/replay.ts'
import { type Foreseen, restoreGear, type RestoreResult } from '../recovery/restore.ts'
import { awaitPeers } from '../recovery/await-peers.ts'
import { archiveSource } from '../snapshot/archive.ts'
import { operatorCommand } from '../snapshot/operator-command.ts'
import { type SnapshotSource, storedSource } from '../snapshot/source.ts'
import { findSnapshot } from '../snapshot/store.ts'
import { fileError } from '../system/files.ts'
import { lateMeter, type Tell } from '../system/progress.ts'
import { parseSince } from '../system/since.ts'
import { abortOnSignals } from '../system/signals.ts'
import { type Context, type Given, text } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { withProgress } from './progress-output.ts'
import { keyOf, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id]: readonly string[]): Promise<number> {
  const timeout = timeoutOption(given)
  const key = await keyOf(given)
  const target = targetOf(given)
  const { gear, dir } = await snapshotFolder(context, given)
  const config = configOf(gear)
  const without = Array.isArray(given['without']) ? (given['without'] as readonly string[]) : []
  const point = target === null ? null : { target, archive: archiveOf(given, config.archive) }
  const signal = abortOnSignals()
  const result = await withProgress(context, `Restore on ${config.name}`, 'results', async (tell) => {
    const source = await sourceOf(given, id, dir, tell)
    const confirm = (facts: Foreseen) => confirmed(source, target, facts, text(given, 'yes'))
    try {
      return await restoreGear(gear, source, { key, point, cluster: given['cluster'] === true, without, confirm, tell, signal })
    } finally {
      source.close()
    }
  })
  if (given['start'] !== false) {
    await ensureAgent(gear.paths)
    await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}`)
    if (given['cluster'] === true) await withProgress(context, 'The other nodes take the restored state', 'results', (tell) => awaitPeers(gear, result, timeout ?? config.startTimeout, tell, signal))
  }
  context.print(context.json ? JSON.stringify({ restored: { history: result.into, peers: result.peers, replayed: result.replayed } }, bigintAsText) : done(gear, result, given['start'] !== false))
  return 0
}

/** Up to where beyond the snapshot; null: not. @throws UsageError `two-targets`, `bad-since`, `bad-server-gtid` */
function targetOf(given: Given): ReplayTarget | null {
  const [time, gtid, latest] = [text(given, 'toTime'), text(given, 'toGtid'), given['toLatest'] === true]
  if ([time !== undefined, gtid !== undefined, latest].filter(Boolean).length > 1) throw new UsageError('two-targets', '--to-time, --to-gtid and --to-latest are given together', 'Give one of them.')
  if (time !== undefined) return { kind: 'time', at: parseSince(time, new Date(), '--to-time') }
  if (gtid !== undefined) return { kind: 'gtid', gtid: parseServerGtid(gtid) }
  return latest ? { kind: 'latest' } : null
}

function archiveOf(given: Given, setting: string | null): string {
  const archive = text(given, 'archive') ?? setting
  if (archive === null) throw new UsageError('no-archive', 'this gear has no archive of binary logs', 'Name the folder with --archive DIR.')
  return archive
}

/** A snapshot of the folder, or an archive: a file, stdin, or what a command prints. */
async function sourceOf(given: Given, id: string | undefined, dir: string, tell: Tell): Promise<SnapshotSource> {
  const [from, command] = [text(given, 'from'), text(given, 'fromCommand')]
  if ([id, from, command].filter((one) => one !== undefined).length !== 1) throw new UsageError('one-source', 'what is to be restored?', 'Name a snapshot (or latest), or give --from FILE, or --from-command COMMAND.')
  if (id !== undefined) {
    const stored = await findSnapshot(dir, id)
    return storedSource(stored, lateMeter('unpacking', stored.manifest.bytes, tell))
  }
  if (command !== undefined) {
    const { input, output, ended } = operatorCommand(command, '--from-command')
    input.end()
    return archiveSource(output, () => ended)
  }
  if (from === '-') return archiveSource(process.stdin)
  const handle = await open(from ?? '', 'r').catch((cause) => {
    throw fileError('read', from ?? '', cause)
  })
  return archiveSource(handle.createReadStream({ highWaterMark: 1024 * 1024 }))
}

/** The operator names the cluster whose data is replaced: by --yes, or typed at a terminal. @throws RefusedError `not-confirmed` */
async function confirmed({ head }: SnapshotSource, target: ReplayTarget | null, { cluster, peers, running, goesOnAfter }: Foreseen, yes: string | undefined): Promise<void> {
  const lines = [
    `Snapshot ${head.id} of cluster ${head.cluster}, node ${head.node}, begun ${head.startedAt}${target === null ? '' : `, and the archive ${describeTarget(target)}`}.`,
    `It replaces what cluster ${cluster} holds: on this node${peers.length === 0 ? '' : ` and on ${peers.map(({ name }) => name).join(', ')}`}. What was written since is no longer in the cluster.`,
    'Datadirs of before are moved aside and kept (galeractl rescued).',
    ...(running ? ['mariadbd is stopped here when everything is ready.'] : []),
    ...(goesOnAfter === null ? [] : [`An earlier run was interrupted; this one goes on after the step "${goesOnAfter}".`]),
    ...peers.map((peer) => `  - ${describeObservation(peer)}`),
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
  if (yes === cluster) return
  const hint = `Run it again with --yes ${cluster}.`
  if (yes !== undefined || !process.stdin.isTTY) throw new RefusedError('not-confirmed', yes === undefined ? `not confirmed: the data of cluster ${cluster} would be replaced` : `--yes ${JSON.stringify(yes.slice(0, 80))} is not the name of this cluster, ${cluster}: nothing was done`, hint)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const typed = await terminal.question(`Type ${cluster} to replace its data: `)
    if (typed.trim() !== cluster) throw new RefusedError('not-confirmed', `${JSON.stringify(typed.slice(0, 80))} is not ${cluster}: nothing was done`, hint)
  } finally {
    terminal.close()
  }
}

function done(gear: Gear, { into, peers, replayed }: RestoreResult, started: boolean): string {
  return [
    `restored: a new history begins, ${into}`,
    ...(replayed === null ? [] : [describeReplayed(replayed)]),
    ...(started ? [] : [`Run galeractl start --gear ${gear.paths.dir}.`]),
    ...(peers.length === 0 ? [] : [`${peers.join(', ')} ${peers.length === 1 ? 'takes' : 'take'} the restored state; see galeractl status.`]),
    'The datadir of before is kept: galeractl rescued.',
  ].join('\n')
}
