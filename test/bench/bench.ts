import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Table from 'cli-table3'
import { EXECUTABLE, scratchFolder } from '../support/cluster.ts'
import { askRow } from './ask-row.ts'
import { clientRows } from './client-rows.ts'
import { clusterRows } from './cluster-rows.ts'
import { decisionRow } from './decision-row.ts'
import { failoverLines } from './failover/failover.ts'
import { logicalRows } from './logical-rows.ts'
import { meanwhileRows } from './meanwhile-rows.ts'
import { notifyRows } from './notify-rows.ts'
import { snapshotRows } from './snapshot-rows.ts'
import { sstRows } from './sst-rows.ts'
import { median, pairs, ratio, type Row, time } from './measure.ts'

/** Prints every figure as a ratio to a reference taken in the same run; fails on none. */
const rounds = Number(process.env['ROUNDS'] ?? 5)
const tell = (text: string) => process.stderr.write(`measuring: ${text}\n`)

const folder = scratchFolder()
const emptyScript = join(folder, 'empty')
writeFileSync(emptyScript, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
const hook = join(import.meta.dirname, '../../hooks/notify')
const event = ['--status', 'joined', '--uuid', 'a'.repeat(36), '--primary', 'yes', '--index', '1', '--members', 'x'.repeat(200)]

async function processRow(what: string, command: readonly string[], reference: readonly string[], against: string, goal: number): Promise<Row> {
  tell(what)
  // A shell starts them: its fork costs far less than Node's spawn, which would hide the difference.
  const loop = (words: readonly string[]) => async () => (await time(() => spawnSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 20 ]; do "$@"; i=$((i+1)); done', 'loop', ...words], { stdio: 'ignore', cwd: '/tmp', env: { ...process.env, GALERACTL_SPOOL: join(folder, 'spool') } }))) / 20
  await loop(command)()
  return { what, ...(await pairs(10, loop(command), loop(reference))), against, goal }
}

/** What is measured together; named ones alone where some are named: `npm run bench -- transfer`. */
const groups: Readonly<Record<string, () => Promise<{ readonly rows: readonly Row[]; readonly held?: readonly string[] }>>> = {
  process: async () => ({
    rows: [
      await processRow('galeractl --version', [EXECUTABLE, '--version'], ['/bin/true'], '/bin/true', 35),
      await processRow('hooks/notify', [hook, ...event], [emptyScript, ...event], 'an empty dash script', 1.5),
      await askRow(rounds, tell),
      await decisionRow(tell),
    ],
  }),
  cluster: async () => ({ rows: await clusterRows(rounds, tell) }),
  notify: () => notifyRows(rounds, tell),
  transfer: () => sstRows(tell),
  client: () => clientRows(rounds, tell),
  // Half an hour.
  failover: async () => ({ rows: [], held: await failoverLines(tell) }),
  snapshot: () => snapshotRows(Math.min(rounds, 3), tell),
  meanwhile: () => meanwhileRows(rounds, tell),
  // Minutes each.
  logical: () => logicalRows(Math.min(rounds, 2), tell),
}
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => groups[name] === undefined)
if (unknown.length > 0) throw new Error(`no group ${unknown.join(', ')}; there are ${Object.keys(groups).join(', ')}`)
const table = new Table({ head: ['what', 'ms', 'against', 'ms', 'ratio', 'goal'], style: { head: [], border: [] } })
const lines: string[] = []
for (const [name, measure] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  try {
    const { rows, held = [] } = await measure()
    for (const row of rows) table.push([row.what, median(row.ours).toFixed(1), row.against, median(row.reference).toFixed(1), ratio(row).toFixed(2), `≤ ${row.goal}`])
    lines.push(...held)
  } catch (error) {
    // A reference that does not come back costs its group alone.
    lines.push(`not measured: ${name}: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`${[table.toString(), ...lines].join('\n')}\n`)
