import { makeCluster, type TestCluster } from '../support/cluster.ts'
import { pairs, type Row, time } from './measure.ts'
import { refusalRow } from './refusal-row.ts'
import { resumeRows } from './resume-rows.ts'
import { StockCluster } from './stock-cluster.ts'

/** Resume and start times of real clusters against the same by hand. */
export async function clusterRows(rounds: number, tell: (text: string) => void): Promise<readonly Row[]> {
  await using ours = await makeCluster(51, 3)
  using stock = new StockCluster(52)
  await startAll(ours)
  const [first, ...others] = stock.nodes
  if (first === undefined) return []
  stock.start(first, '--wsrep-new-cluster')
  await stock.synced(first)
  for (const node of others) {
    stock.start(node)
    await stock.synced(node)
  }
  const resumed = await resumeRows(rounds, ours, stock, tell)
  tell('one node started')
  const one = await pairs(rounds, () => restartOurs(ours), () => restartStock(stock))
  await stock.kill()
  const refusal = await refusalRow(rounds, ours, tell)
  return [
    ...resumed,
    { what: 'start of one node to Synced', ...one, against: 'bare mariadbd', goal: 1.15 },
    refusal,
  ]
}

export const startAll = (cluster: TestCluster) => Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))

async function restartOurs(cluster: TestCluster): Promise<number> {
  const node = cluster.nodes[2]
  if (node === undefined) return Number.NaN
  await cluster.must(node, 'stop')
  return time(() => cluster.must(node, 'start'))
}

async function restartStock(stock: StockCluster): Promise<number> {
  const node = stock.nodes[2]
  if (node === undefined) return Number.NaN
  await stock.stop(node)
  return time(async () => {
    stock.start(node)
    await stock.synced(node)
  })
}
