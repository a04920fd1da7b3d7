import { makeCluster, type TestCluster } from '../support/cluster.ts'
import { pairs, type Row, time } from './measure.ts'
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
  tell('three nodes resumed after SIGKILL of all')
  const killed = await pairs(rounds, () => resumeOursAfterKill(ours), () => resumeStockAfterKill(stock))
  tell('three nodes resumed after an ordered stop')
  const ordered = await pairs(rounds, () => resumeOursAfterStop(ours), () => resumeStockAfterStop(stock))
  tell('one node started')
  const one = await pairs(rounds, () => restartOurs(ours), () => restartStock(stock))
  await stock.kill()
  return [
    { what: 'resume after SIGKILL of all', ...killed, against: 'recover + start all with pc.recovery', goal: 1.3 },
    { what: 'resume after an ordered stop', ...ordered, against: 'bootstrap the last, start the others', goal: 0.6 },
    { what: 'start of one node to Synced', ...one, against: 'bare mariadbd', goal: 1.15 },
  ]
}

const startAll = (cluster: TestCluster) => Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))

async function resumeOursAfterKill(cluster: TestCluster): Promise<number> {
  cluster.kill(cluster.nodes)
  return time(() => startAll(cluster))
}

async function resumeStockAfterKill(stock: StockCluster): Promise<number> {
  await stock.kill()
  return time(() =>
    Promise.all(
      stock.nodes.map(async (node) => {
        stock.start(node, `--wsrep_start_position=${await stock.recover(node)}`)
        await stock.synced(node)
      }),
    ),
  )
}

async function resumeOursAfterStop(cluster: TestCluster): Promise<number> {
  for (const node of cluster.nodes.toReversed()) await cluster.must(node, 'stop')
  return time(() => startAll(cluster))
}

async function resumeStockAfterStop(stock: StockCluster): Promise<number> {
  for (const node of stock.nodes.toReversed()) await stock.stop(node)
  const [first, ...others] = stock.nodes
  return time(async () => {
    if (first !== undefined) stock.start(first, '--wsrep-new-cluster')
    for (const node of others) stock.start(node)
    await Promise.all(stock.nodes.map((node) => stock.synced(node)))
  })
}

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
