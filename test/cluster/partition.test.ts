import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { makeNetwork, type Network } from '../support/network.ts'

/** Five real nodes, each on a host of its own. */
let network: Network
let cluster: TestCluster
let written = 0

beforeAll(async () => {
  network = makeNetwork(5)
  cluster = await makeCluster(0, 5, { network })
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await cluster.sql(node(0), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
})
afterAll(async () => {
  await cluster[Symbol.asyncDispose]()
  network[Symbol.dispose]()
})

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const write = (at: number) => cluster.sql(node(at), (sql) => sql.query('INSERT INTO ledger VALUES (?)', [++written]))

interface Wsrep {
  readonly status: string
  readonly size: number
  readonly uuid: string
}

async function wsrep(at: number): Promise<Wsrep> {
  return cluster.sql(node(at), async (sql) => {
    const [rows] = await sql.query("SHOW GLOBAL STATUS LIKE 'wsrep_cluster_%'")
    const values = new Map((rows as { Variable_name: string; Value: string }[]).map((row) => [row.Variable_name, row.Value]))
    return { status: values.get('wsrep_cluster_status') ?? '', size: Number(values.get('wsrep_cluster_size')), uuid: values.get('wsrep_cluster_state_uuid') ?? '' }
  })
}

const isReady = async (at: number) => (await cluster.run(node(at), 'status', '--json')).exitCode === 0
const until = (look: () => Promise<unknown>) => expect.poll(look, { timeout: 90_000, interval: 200 })
const untilPrimary = (members: readonly number[]) => until(async () => Promise.all(members.map(async (at) => (await wsrep(at)).status === 'Primary' && (await wsrep(at)).size === members.length))).toEqual(members.map(() => true))

async function expectWhole(): Promise<void> {
  await untilPrimary([0, 1, 2, 3, 4])
  const rows = await Promise.all(cluster.nodes.map((one) => cluster.sql(one, async (sql) => (await sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT COUNT(*) AS n FROM ledger'))[0])))
  expect(rows).toEqual(cluster.nodes.map(() => [{ n: written }]))
  const uuids = await Promise.all(cluster.nodes.map(async (_, at) => (await wsrep(at)).uuid))
  expect(new Set(uuids).size).toBe(1)
}

test('cut 3+2, the majority goes on, the minority waits and answers not ready, and rejoins when the network is whole', async () => {
  network.partition([0, 1, 2], [3, 4])
  await untilPrimary([0, 1, 2])
  await write(0)
  await until(() => isReady(3)).toBe(false)
  await until(async () => cluster.lastDecision(node(3))?.rule).toBe('view-incomplete')
  expect(cluster.lastDecision(node(3))?.reason).toContain('n1, n2 and n3')
  network.heal()
  await expectWhole()
})

test('cut 2+2+1, nobody goes on; whole again, one component comes back in place, without a restart', async () => {
  const servers = () => cluster.nodes.map((one) => readFileSync(join(one.gear, 'run/server.json'), 'utf8'))
  const before = servers()
  network.partition([0, 1], [2, 3], [4])
  await until(async () => Promise.all(cluster.nodes.map((_, at) => isReady(at)))).toEqual([false, false, false, false, false])
  network.heal()
  await expectWhole()
  expect(servers()).toEqual(before)
  await write(4)
})

test('one of a cut pair is stopped meanwhile: the running rest is repaired in place when all have told', async () => {
  network.partition([0, 1], [2, 3], [4])
  await until(() => isReady(0)).toBe(false)
  await cluster.must(node(4), 'stop', '--keep-agent')
  network.heal()
  await untilPrimary([0, 1, 2, 3])
  expect(cluster.nodes.map((one) => cluster.lastDecision(one)?.rule)).toContain('repair-in-place')
  await write(1)
  await cluster.must(node(4), 'start')
  await expectWhole()
})

test('a node that crashed outside comes back to a repaired component', async () => {
  network.partition([0, 1], [2, 3], [4])
  await until(() => isReady(0)).toBe(false)
  cluster.kill([node(2), node(3)])
  network.heal()
  await Promise.all([cluster.must(node(2), 'start'), cluster.must(node(3), 'start')])
  await expectWhole()
})

test('a link that flaps leaves one whole cluster', async () => {
  for (let round = 0; round < 3; round++) {
    network.partition([0, 1, 2, 3], [4])
    await untilPrimary([0, 1, 2, 3])
    await write(round)
    network.heal()
    await until(async () => (await wsrep(4)).status).toBe('Primary')
  }
  await expectWhole()
})
