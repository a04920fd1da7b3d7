import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { ensureAgent } from '../agent/spawn-agent.ts'
import { RefusedError, UsageError } from '../errors.ts'
import { describeObservation } from '../galera/observation.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { type Foreseen, restoreGear } from '../recovery/restore.ts'
import { awaitPeers } from '../recovery/await-peers.ts'
import { archiveSource } from '../snapshot/archive.ts'
import { operatorCommand } from '../snapshot/operator-command.ts'
import { type SnapshotSource, storedSource } from '../snapshot/source.ts'
import { findSnapshot } from '../snapshot/store.ts'
import { fileError } from '../system/files.ts'
import { lateMeter, type Tell } from '../system/progress.ts'
import { abortOnSignals } from '../system/signals.ts'
import { type Context, type Given, text } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { withProgress } from './progress-output.ts'
import { keyOf, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id]: readonly string[]): Promise<number> {
  const timeout = timeoutOption(given)
  const key = await keyOf(given)
  const { gear, dir } = await snapshotFolder(context, given)
  const config = configOf(gear)
  const without = Array.isArray(given['without']) ? (given['without'] as readonly string[]) : []
  const signal = abortOnSignals()
  const result = await withProgress(context, `Restore on ${config.name}`, 'results', async (tell) => {
    const source = await sourceOf(given, id, dir, tell)
    const confirm = (facts: Foreseen) => confirmed(source, facts, text(given, 'yes'))
    try {
      return await restoreGear(gear, source, { key, cluster: given['cluster'] === true, without, confirm, tell, signal })
    } finally {
      source.close()
    }
  })
  if (given['start'] !== false) {
    await ensureAgent(gear.paths)
    await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}`)
    if (given['cluster'] === true) await withProgress(context, 'The other nodes take the restored state', 'results', (tell) => awaitPeers(gear, result, timeout ?? config.startTimeout, tell, signal))
  }
  context.print(context.json ? JSON.stringify({ restored: { history: result.into, peers: result.peers } }) : done(gear, result, given['start'] !== false))
  return 0
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
async function confirmed({ head }: SnapshotSource, { cluster, peers, running, goesOnAfter }: Foreseen, yes: string | undefined): Promise<void> {
  const lines = [
    `Snapshot ${head.id} of cluster ${head.cluster}, node ${head.node}, begun ${head.startedAt}.`,
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

function done(gear: Gear, { into, peers }: { readonly into: string; readonly peers: readonly string[] }, started: boolean): string {
  return [
    `restored: a new history begins, ${into}`,
    ...(started ? [] : [`Run galeractl start --gear ${gear.paths.dir}.`]),
    ...(peers.length === 0 ? [] : [`${peers.join(', ')} ${peers.length === 1 ? 'takes' : 'take'} the restored state; see galeractl status.`]),
    'The datadir of before is kept: galeractl rescued.',
  ].join('\n')
}
