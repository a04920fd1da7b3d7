import { waitFor } from '../../src/system/wait.ts'
import type { TestCluster, TestNode } from '../support/cluster.ts'

import { pairs, type Row, time } from './measure.ts'
import type { StockCluster, StockNode } from './stock-cluster.ts'

/** Clusters that all run are brought down in some way, and the time until all that come back are Synced is taken. */
export async function resumeRows(rounds: number, ours: TestCluster, stock: StockCluster, tell: (text: string) => void): Promise<readonly Row[]> {
  tell('three nodes resumed after SIGKILL of all')
  const killed = await pairs(rounds, () => oursAfterKill(ours), () => stockAfterKill(stock))
  tell('three nodes resumed after an ordered stop')
  const ordered = await pairs(rounds, () => oursAfterStop(ours), () => stockAfterStop(stock))
  tell('three nodes resumed after SIGKILL, one of them behind')
  const behind = await pairs(rounds, () => oursWithoutThird(ours, 3), () => stockWithoutThird(stock, 3, bootstrapStock))
  tell('two nodes resumed after SIGKILL, the third absent')
  const absent = await pairs(rounds, () => oursWithoutThird(ours, 2), () => stockWithoutThird(stock, 2, startStock))
  const recovered = 'recover + start all with pc.recovery'
  return [
    { what: 'resume after SIGKILL of all', ...killed, against: recovered, goal: 1.3 },
    { what: 'resume after an ordered stop', ...ordered, against: 'bootstrap the last, start the others', goal: 0.6 },
    { what: 'resume, one behind (IST)', ...behind, against: 'recover, bootstrap the first, start the others', goal: 1.3 },
    { what: 'resume, one absent', ...absent, against: recovered, goal: 1.3 },
  ]
}

const startOurs = (cluster: TestCluster, nodes: readonly TestNode[]) => Promise.all(nodes.map((node) => cluster.must(node, 'start')))

const startStock = (stock: StockCluster, nodes: readonly StockNode[]) =>
  Promise.all(
    nodes.map(async (node) => {
      stock.start(node, `--wsrep_start_position=${await stock.recover(node)}`)
      await stock.synced(node)
    }),
  )

/** By hand, as the manual says: with one behind, whose gvwstate.dat is of an older view, pc.recovery never ends [ran]. */
async function bootstrapStock(stock: StockCluster, nodes: readonly StockNode[]): Promise<void> {
  const positions = await Promise.all(nodes.map((node) => stock.recover(node)))
  nodes.forEach((node, at) => {
    if (at === 0) stock.markSafe(node)
    stock.start(node, `--wsrep_start_position=${positions[at]}`, ...(at === 0 ? ['--wsrep-new-cluster'] : []))
  })
  await Promise.all(nodes.map((node) => stock.synced(node)))
}

async function oursAfterKill(cluster: TestCluster): Promise<number> {
  cluster.kill(cluster.nodes)
  return time(() => startOurs(cluster, cluster.nodes))
}

async function stockAfterKill(stock: StockCluster): Promise<number> {
  await stock.kill()
  return time(() => startStock(stock, stock.nodes))
}

async function oursAfterStop(cluster: TestCluster): Promise<number> {
  for (const node of cluster.nodes.toReversed()) await cluster.must(node, 'stop')
  return time(() => startOurs(cluster, cluster.nodes))
}

async function stockAfterStop(stock: StockCluster): Promise<number> {
  for (const node of stock.nodes.toReversed()) await stock.stop(node)
  const [first, ...others] = stock.nodes
  return time(async () => {
    if (first !== undefined) stock.start(first, '--wsrep-new-cluster')
    for (const node of others) stock.start(node)
    await Promise.all(stock.nodes.map((node) => stock.synced(node)))
  })
}

const MAKE = 'CREATE OR REPLACE TABLE gone_on AS SELECT 1'

/** The third is killed, the others go on, then they are killed too; the first `back` come back. */
async function oursWithoutThird(cluster: TestCluster, back: number): Promise<number> {
  const [first, , third] = cluster.nodes
  if (first === undefined || third === undefined) return Number.NaN
  cluster.kill([third])
  await cluster.sql(first, (sql) => sql.query(MAKE))
  await waitFor('the agents to know the view', async () => (cluster.nodes.slice(0, 2).every((node) => cluster.viewSize(node) === 2) ? true : undefined), { timeout: 10_000 })
  cluster.kill(cluster.nodes)
  const took = await time(() => startOurs(cluster, cluster.nodes.slice(0, back)))
  await startOurs(cluster, cluster.nodes)
  return took
}

async function stockWithoutThird(stock: StockCluster, back: number, start: (stock: StockCluster, nodes: readonly StockNode[]) => Promise<unknown>): Promise<number> {
  const [first, , third] = stock.nodes
  if (first === undefined || third === undefined) return Number.NaN
  await stock.kill([third])
  await stock.query(first, `${MAKE.replace('gone_on', 'mysql.gone_on')}`)
  await stock.kill()
  const took = await time(() => start(stock, stock.nodes.slice(0, back)))
  if (back < stock.nodes.length) await startStock(stock, [third])
  return took
}
