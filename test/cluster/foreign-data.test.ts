import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { startStandalone } from '../support/standalone.ts'

/** Three real nodes on 127.0.172.x and data that setup did not make: no state transfer deletes it. */
let cluster: TestCluster
let [n1, n2, n3] = [] as unknown as [TestNode, TestNode, TestNode]

beforeAll(async () => {
  cluster = await makeCluster(172, 3)
  ;[n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
})
afterAll(() => cluster[Symbol.asyncDispose]())

const startAll = () => Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
const insert = (node: TestNode, id: number) => cluster.sql(node, (sql) => sql.query('INSERT INTO ledger VALUES (?)', [id]))
const idsOn = (node: TestNode) => cluster.sql(node, async (sql) => {
  const [rows] = await sql.query('SELECT id FROM ledger ORDER BY id')
  return (rows as { id: number }[]).map(({ id }) => id)
})
const rescued = async () => (JSON.parse((await cluster.must(n2, 'rescued', '--json')).stdout) as { rescued: readonly { fork: unknown; folder: string }[] }).rescued

test('the data of a stand-alone server, put there before the first start: nothing starts on it, nobody overwrites it', async () => {
  const data = join(n2.gear, 'data')
  {
    await using server = await startStandalone()
    server.sql('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); INSERT INTO shop.orders VALUES (1); SHUTDOWN;')
    await expect.poll(() => existsSync(join(server.folder, 'pid'))).toBe(false)
    rmSync(data, { recursive: true })
    cpSync(join(server.folder, 'data'), data, { recursive: true })
  }
  execFileSync('chown', ['-R', 'mysql:mysql', data])
  const [first, second] = await Promise.all(cluster.nodes.map((one) => cluster.run(one, 'start', '--timeout', '8')))
  expect(second).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('This datadir holds data that galeractl did not make') })
  expect(first).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('n2') })
  expect(existsSync(join(data, 'shop/orders.ibd'))).toBe(true)
  // The way out, as it is told.
  await cluster.must(n2, 'stop')
  renameSync(data, join(cluster.folder, 'kept'))
  await cluster.setup(n2)
  await startAll()
  expect(await rescued()).toEqual([])
})

test('a member\'s datadir without grastate.dat, galera.cache and ledger still counts by what InnoDB holds', async () => {
  await cluster.sql(n1, (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
  await insert(n1, 1)
  for (const one of [n3, n1]) await cluster.must(one, 'stop')
  await insert(n2, 2)
  await cluster.must(n2, 'stop')
  for (const file of ['data/grastate.dat', 'data/galera.cache', 'state/ledger.json']) rmSync(join(n2.gear, file))
  await startAll()
  expect(await idsOn(n1)).toEqual([1, 2])
  expect(await idsOn(n2)).toEqual([1, 2])
})

test('a datadir whose position can not be read is kept aside before the state is taken anew', async () => {
  cluster.kill([n2])
  truncateSync(join(n2.gear, 'data/ibdata1'), 4096)
  await insert(n1, 3)
  await cluster.must(n2, 'start')
  expect(await idsOn(n2)).toEqual([1, 2, 3])
  const kept = await rescued()
  expect(kept).toMatchObject([{ fork: null, position: null, reason: expect.stringContaining('position unknown') }])
  const { database } = await cluster.account(n2)
  expect(existsSync(join(kept[0]?.folder ?? '', 'data', database, 'ledger.ibd'))).toBe(true)
  expect((await cluster.must(n2, 'rescued')).stdout).toContain('position unknown')
})
