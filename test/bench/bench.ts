import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Table from 'cli-table3'
import { EXECUTABLE, scratchFolder } from '../support/cluster.ts'
import { askRow } from './ask-row.ts'
import { clusterRows } from './cluster-rows.ts'
import { decisionRow } from './decision-row.ts'
import { notifyRows } from './notify-rows.ts'
import { sstRows } from './sst-rows.ts'
import { median, pairs, ratio, type Row, time } from './measure.ts'

/** Prints every figure as a ratio to a reference taken in the same run; fails on none. */
const rounds = Number(process.env['ROUNDS'] ?? 5)
const tell = (text: string) => process.stderr.write(`measuring: ${text}\n`)

async function processRow(what: string, command: readonly string[], reference: readonly string[], against: string, goal: number): Promise<Row> {
  tell(what)
  // A shell starts them: its fork costs far less than Node's spawn, which would hide the difference.
  const loop = (words: readonly string[]) => async () => (await time(() => spawnSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 20 ]; do "$@"; i=$((i+1)); done', 'loop', ...words], { stdio: 'ignore', cwd: '/tmp' }))) / 20
  await loop(command)()
  return { what, ...(await pairs(10, loop(command), loop(reference))), against, goal }
}

const folder = scratchFolder()
const emptyScript = join(folder, 'empty')
writeFileSync(emptyScript, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
process.env['GALERACTL_SPOOL'] = join(folder, 'spool')
const hook = join(import.meta.dirname, '../../hooks/notify')
const event = ['--status', 'joined', '--uuid', 'a'.repeat(36), '--primary', 'yes', '--index', '1', '--members', 'x'.repeat(200)]

const rows: Row[] = [
  await processRow('galeractl --version', [EXECUTABLE, '--version'], ['/bin/true'], '/bin/true', 35),
  await processRow('hooks/notify', [hook, ...event], [emptyScript, ...event], 'an empty dash script', 1.5),
  await askRow(rounds, tell),
  await decisionRow(tell),
  ...(await clusterRows(rounds, tell)),
]
const notified = await notifyRows(rounds, tell)
const transfers = await sstRows(tell)
rows.push(...notified.rows, ...transfers.rows)
const table = new Table({ head: ['what', 'ms', 'against', 'ms', 'ratio', 'goal'], style: { head: [], border: [] } })
for (const row of rows) table.push([row.what, median(row.ours).toFixed(1), row.against, median(row.reference).toFixed(1), ratio(row).toFixed(2), `≤ ${row.goal}`])
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`${[table.toString(), ...notified.held, ...transfers.held].join('\n')}\n`)
