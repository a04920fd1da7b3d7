import { parseArgs } from 'node:util'
import { createPool } from '../../src/client/index.ts'
import { Random } from '../simulation/random.ts'
import { FAULTS } from '../bench/failover/faults.ts'
import { BANK, runBank, VERDICT, verdictOf } from '../support/bank.ts'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { allSynced } from '../support/one-view.ts'
import { asRoot } from '../support/transfer.ts'

/** `npm run soak -- client --rounds N --seed S`: a bank on the client while one node after the other is killed, hangs, is stopped, refuses or is cut off. */
const { values } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } })
const rounds = Number(values.rounds)
const random = new Random(Number(values.seed))
/** How long a fault lasts, milliseconds. */
const LASTS = 8_000
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

await using cluster = await makeCluster(55, 3)
await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
const [first] = cluster.nodes as [TestNode]
const pool = createPool({ ...(await cluster.account(first)), nodes: cluster.nodes.map(({ address }) => address), exactlyOnce: true, replays: 1_000, failoverTimeout: 120_000, connectionLimit: 20 })
await pool.createTokenTable()
for (const sql of BANK) await pool.promise().query(sql)
const over = new AbortController()
const running = runBank(pool.promise(), 8, over.signal)
process.stdout.write(`${rounds} rounds, seed ${values.seed}\n`)
for (let round = 1; round <= rounds; round++) {
  const [name, begin] = random.pick(Object.entries(FAULTS)) ?? []
  const node = random.pick(cluster.nodes)
  if (name === undefined || begin === undefined || node === undefined) break
  const end = await begin(cluster, node)
  await pause(LASTS)
  await end()
  await allSynced(cluster)
  const { replays, conflicts, failovers, resolvedCommits, causalWaits } = pool.counters
  process.stdout.write(`${String(round).padStart(4)}  ${name.padEnd(24)} ${node.name}  replays ${replays}, of them conflicts ${conflicts}; failovers ${failovers}; COMMITs found out ${resolvedCommits}; waits ${causalWaits}\n`)
}
over.abort()
const bank = await running
pool.end()
const found = cluster.nodes.map((node) => asRoot(node, `SET wsrep_sync_wait = 1; ${VERDICT}`).trim())
const right = bank.errors.length === 0 && bank.stale === 0 && found.every((one) => one === verdictOf(bank))
process.stdout.write(`${bank.transfers} transfers, ${bank.errors.length} errors, ${bank.mismatches} begun anew after a mismatch, ${bank.stale} stale reads; total, transfers, distinct transfers on each node: ${found.map((one) => one.replaceAll('\t', ', ')).join(' | ')}\n`)
for (const error of bank.errors.slice(0, 5)) process.stdout.write(`${String(error)}\n`)
process.stdout.write(right ? 'nothing lost, doubled or stale\n' : 'WRONG\n')
process.exitCode = right ? 0 : 1
