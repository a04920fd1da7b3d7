import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

let cluster: TestCluster
let written = 0

beforeAll(async () => {
  cluster = await makeCluster(31, 3)
  await startAll(cluster.nodes)
  await cluster.sql(node(0), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const startAll = (nodes: readonly TestNode[]) => Promise.all(nodes.map((one) => cluster.must(one, 'start')))

/** Writes rows through each node and keeps count of the acknowledged ones. */
async function writeRows(): Promise<void> {
  for (const one of cluster.nodes) {
    await cluster.sql(one, async (sql) => {
      for (let at = 0; at < 5; at++) await sql.query('INSERT INTO ledger VALUES (?)', [++written])
    })
  }
}

async function expectOneCluster(): Promise<void> {
  const rows = await Promise.all(cluster.nodes.map((one) => cluster.sql(one, async (sql) => {
    const [status] = await sql.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_state_uuid', 'wsrep_cluster_size')")
    const [count] = await sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT COUNT(*) AS n, MAX(id) AS top FROM ledger')
    return { status: (status as { Variable_name: string; Value: string }[]).map((row) => row.Value), count: (count as object[])[0] }
  })))
  expect(new Set(rows.map((row) => row.status.join())).size).toBe(1)
  expect(rows[0]?.status).toContain('3')
  for (const row of rows) expect(row.count).toEqual({ n: written, top: written })
}

test('after an ordered stop of all, starting all at once gives one cluster with every acknowledged row', async () => {
  await writeRows()
  for (const one of cluster.nodes.toReversed()) await cluster.must(one, 'stop')
  await startAll(cluster.nodes)
  await expectOneCluster()
  expect(cluster.lastDecision(node(0))).toMatchObject({ do: 'bootstrap' })
})

test('after SIGKILL of all, agents too, everybody re-forms the last view', async () => {
  await writeRows()
  cluster.kill(cluster.nodes)
  await startAll(cluster.nodes)
  await expectOneCluster()
  for (const one of cluster.nodes) expect(cluster.lastDecision(one)).toMatchObject({ do: 'reform', rule: 're-form' })
})

test('after a stop of all at the same moment, one cluster comes back, whichever node starts first', async () => {
  await writeRows()
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'stop')))
  const last = cluster.must(node(2), 'start')
  const first = cluster.must(node(0), 'start')
  await Promise.all([last, first, cluster.must(node(1), 'start')])
  await expectOneCluster()
})

test('a node alone restarts and rejoins by IST', async () => {
  await cluster.must(node(1), 'stop')
  await writeRowsOn(node(0))
  await cluster.must(node(1), 'start')
  await expectOneCluster()
})

async function writeRowsOn(one: TestNode): Promise<void> {
  await cluster.sql(one, async (sql) => {
    for (let at = 0; at < 5; at++) await sql.query('INSERT INTO ledger VALUES (?)', [++written])
  })
}

test('a killed mariadbd is started again by its agent', async () => {
  const pid = serverPid(node(2))
  cluster.kill([node(2)], 'server')
  await expect.poll(() => serverPid(node(2)), { timeout: 60_000, interval: 100 }).not.toBe(pid)
  await expect.poll(async () => (await cluster.run(node(2), 'status')).exitCode, { timeout: 60_000, interval: 250 }).toBe(0)
  await expectOneCluster()
})

test('a killed agent leaves mariadbd running, and the next one takes it over', async () => {
  const pid = serverPid(node(2))
  cluster.kill([node(2)], 'agent')
  await expectOneCluster()
  const started = await cluster.must(node(2), 'start')
  expect(started.stdout).toContain('Synced')
  expect(serverPid(node(2))).toBe(pid)
  expect((await cluster.run(node(2), 'status')).exitCode).toBe(0)
})

function serverPid(one: TestNode): string {
  return existsSync(join(one.gear, 'run/server.json')) ? readFileSync(join(one.gear, 'run/server.json'), 'utf8') : ''
}
