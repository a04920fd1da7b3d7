import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { pairs, type Row, time } from './measure.ts'

const SAMPLE = '/usr/share/mysql/wsrep_notify'
const WRITERS = 8
const CALLS = Number(process.env['CALLS'] ?? 100_000)
/** Then it is not waited for any longer: some are lost. Milliseconds. */
const GIVEN_UP = 60_000
/** How soon after the last call the agent has taken all, milliseconds. */
const SOON = 1_000

const UUID = '0f1cf9ea-e5cc-11f1-a68c-d645061edcc5'
const MEMBERS = ['n1', 'n2', 'n3'].map((name, at) => `${UUID.replace(/^0/, String(at))}/${name}/10.0.0.${at + 1}:3306`).join(',')
const event = (status: string) => ['--status', status, '--uuid', UUID, '--primary', 'yes', '--index', '1', '--members', MEMBERS]

/** A shell starts them: its fork costs far less than Node's spawn, which would hide the difference. */
const LOOP = 'i=0; n=$1; shift; while [ $i -lt $n ]; do "$@"; i=$((i+1)); done'
const callsOf = (count: number, words: readonly string[]) => async () => (await time(() => spawnSync('/bin/sh', ['-c', LOOP, 'loop', String(count), ...words], { stdio: 'ignore', cwd: '/tmp' }))) / count

/** The hook against what MariaDB ships, both for a node that runs; and the agent under a flood. */
export async function notifyRows(rounds: number, tell: (text: string) => void): Promise<{ readonly rows: readonly Row[]; readonly held: readonly string[] }> {
  await using cluster = await makeCluster(47, 1)
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  await cluster.must(node, 'start')
  tell('hooks/notify against the shipped script')
  const hook = join(node.gear, 'hooks/notify')
  const sample = join(cluster.folder, 'wsrep_notify')
  writeFileSync(sample, readFileSync(SAMPLE, 'utf8').replace(/^HOST=.*/m, `HOST=${node.address}`).replace(/^USER=.*/m, 'USER=shipped'), { mode: 0o755 })
  await cluster.asRoot(node, "GRANT ALL ON *.* TO shipped@'%' IDENTIFIED BY 'rootpass'")
  await callsOf(1, [sample, ...event('synced')])()
  const written = spawnSync('mariadb', ['-uroot', '-NB', '-S', `${node.gear}/run/mariadbd.sock`, '-e', 'SELECT COUNT(*) FROM wsrep.membership'], { encoding: 'utf8' }).stdout
  if (written !== '3\n') throw new Error('the shipped script does not work here')
  const shipped = { what: 'hooks/notify', ...(await pairs(rounds, callsOf(50, [hook, ...event('synced')]), callsOf(5, [sample, ...event('synced')]))), against: 'MariaDB\'s wsrep_notify', goal: 0.03 }
  tell(`${CALLS} calls from ${WRITERS} processes`)
  const flood = await floodRow(node, hook)
  return { rows: [shipped, flood.row], held: [flood.held] }
}

async function floodRow(node: TestNode, hook: string): Promise<{ row: Row; held: string }> {
  const statuses = Array.from({ length: WRITERS }, (_, at) => `writer-${String.fromCodePoint(97 + at)}`)
  const before = await metricsOf(node)
  const calling = await time(() => Promise.all(statuses.map((status) => new Promise((resolve) => spawn('/bin/sh', ['-c', LOOP, 'loop', String(CALLS / WRITERS), hook, ...event(status)], { stdio: 'ignore' }).once('exit', resolve)))))
  let after = before
  const until = performance.now() + GIVEN_UP
  const taken = await time(async () => {
    do after = await metricsOf(node)
    while (performance.now() < until && (statuses.some((status) => countOf(after, status) < CALLS / WRITERS) || after.lag > 0) && after.malformed === before.malformed)
  })
  const lost = statuses.map((status) => CALLS / WRITERS - countOf(after, status)).reduce((sum, one) => sum + one, 0)
  const held = `${CALLS} calls from ${WRITERS} processes in ${(calling / 1000).toFixed(1)} s: ${lost} lost, ${after.malformed - before.malformed} torn; all taken ${Math.round(taken)} ms after the last.`
  return { row: { what: `the last of ${CALLS} calls taken`, ours: [taken], reference: [SOON], against: 'one second', goal: 1 }, held }
}

const countOf = ({ byStatus }: Awaited<ReturnType<typeof metricsOf>>, status: string) => byStatus.get(status) ?? 0

async function metricsOf(node: TestNode) {
  const text = await (await fetch(`http://${node.address}:4570/metrics`)).text()
  const value = (name: string) => Number(new RegExp(`^galeractl_${name} (\\d+)$`, 'm').exec(text)?.[1])
  return {
    byStatus: new Map([...text.matchAll(/^galeractl_events_total\{status="([^"]+)"\} (\d+)$/gm)].map((match) => [match[1] ?? '', Number(match[2])])),
    malformed: value('notify_malformed_total'),
    lag: value('notify_spool_lag_bytes'),
  }
}
