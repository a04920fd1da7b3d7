import Table from 'cli-table3'
import { createConnection } from 'mysql2/promise'
import { makeCluster, type TestCluster, type TestNode } from '../../support/cluster.ts'
import { asRoot } from '../../support/transfer.ts'
import { CONTENDERS } from './contenders.ts'
import { FAULTS } from './faults.ts'
import { type Outcome, runLoad } from './load.ts'

const CLIENTS = 8
/** Before the fault, while it lasts, and after it. Milliseconds. */
const PHASES = [2_000, 12_000, 4_000] as const

/** The same load and faults for all, one after the other, on one cluster with Galera's own timeouts. */
export async function failoverLines(tell: (text: string) => void, only: readonly string[] = []): Promise<readonly string[]> {
  await using cluster = await makeCluster(55, 3)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  const [first] = cluster.nodes as [TestNode]
  const account = await cluster.account(first)
  asRoot(first, 'CREATE TABLE galeractl_commits (token BINARY(16) NOT NULL PRIMARY KEY, tombstone BINARY(16) NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY (at))')
  const table = new Table({ head: ['fault', 'contender', 'transactions', 'errors', 'hung', 'wrong', 'longest gap, ms', "the cluster's own, ms"], style: { head: [], border: [] } })
  // Some contenders throw where nobody can catch it, which ends an application.
  let uncaught = 0
  const count = () => void uncaught++
  process.on('uncaughtException', count)
  for (const [fault, begin] of Object.entries(FAULTS)) {
    for (const [name, make] of Object.entries(CONTENDERS)) {
      if (only.length > 0 && !only.some((word) => fault.includes(word) || name === word)) continue
      tell(`${fault}: ${name}`)
      asRoot(first, 'CREATE OR REPLACE TABLE bench_account (id INT PRIMARY KEY, balance INT); INSERT INTO bench_account SELECT seq, 1000 FROM seq_1_to_50; CREATE OR REPLACE TABLE bench_transfer (id INT AUTO_INCREMENT PRIMARY KEY, number INT); CREATE OR REPLACE TABLE bench_own (id INT PRIMARY KEY, n INT); INSERT INTO bench_own VALUES (1, 0)')
      uncaught = 0
      const contender = await make({ cluster, account })
      const over = new AbortController()
      const running = runLoad(contender, CLIENTS, over.signal)
      const own = stallOf(cluster, account, over.signal)
      await pause(PHASES[0])
      const end = await begin(cluster, first)
      await pause(PHASES[1])
      await end()
      await pause(PHASES[2])
      over.abort()
      const [outcome, stall] = await Promise.all([running, own])
      await Promise.race([contender.end(), pause(2_000)])
      await allSynced(cluster)
      table.push([fault, name, String(outcome.acknowledged.size), `${outcome.refused.size}${uncaught === 0 ? '' : ` + ${uncaught} uncaught`}`, String(outcome.hung), String(wrong(first, outcome)), Math.round(outcome.gap).toString(), Math.round(stall).toString()])
    }
  }
  process.off('uncaughtException', count)
  return [table.toString()]
}

/** Acknowledged, but not there once; or refused, but there. */
function wrong(node: TestNode, { acknowledged, refused }: Outcome): number {
  const found = new Map<number, number>()
  for (const line of asRoot(node, 'SET wsrep_sync_wait = 1; SELECT number, COUNT(*) FROM bench_transfer GROUP BY number').trim().split('\n')) {
    const [number = '0', count = '0'] = line.split('\t')
    found.set(Number(number), Number(count))
  }
  return [...acknowledged].filter((number) => found.get(number) !== 1).length + [...refused].filter((number) => found.has(number)).length
}

/** The longest time in which a survivor took no write, asked all the while. Milliseconds. */
async function stallOf(cluster: TestCluster, account: object, over: AbortSignal): Promise<number> {
  const connection = await createConnection({ ...account, host: cluster.nodes[1]?.address ?? '' })
  let longest = 0
  for (let last = performance.now(); !over.aborted; ) {
    await connection.query('UPDATE bench_own SET n = n + 1')
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  connection.destroy()
  return longest
}

async function allSynced(cluster: TestCluster): Promise<void> {
  for (const node of cluster.nodes) await cluster.must(node, 'start')
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
