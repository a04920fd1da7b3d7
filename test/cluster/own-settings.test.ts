import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Three real nodes on 127.0.211.x, one of them with lines in conf.d that its server does not start with. */
let cluster: TestCluster
let [n1, n2, n3] = [] as unknown as [TestNode, TestNode, TestNode]

beforeAll(async () => {
  cluster = await makeCluster(211, 3)
  ;[n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await cluster.sql(n1, (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const confd = (node: TestNode) => join(node.gear, 'conf/conf.d/own.cnf')
const insert = (id: number) => cluster.sql(n1, (sql) => sql.query('INSERT INTO ledger VALUES (?)', [id]))
/** Whole states that a node has received, as its log shows. */
const transfers = (node: TestNode) => readFileSync(join(node.gear, 'log/mariadbd.log'), 'utf8').match(/WSREP_SST: \[INFO\] Moving the backup to/g)?.length ?? 0
const synced = (node: TestNode) => expect.poll(async () => (await cluster.run(node, 'status')).exitCode, { timeout: 60_000, interval: 500 }).toBe(0)
const countOn = (node: TestNode) => cluster.sql(node, async (sql) => (await sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT COUNT(*) AS n FROM ledger'))[0])
const status = async (node: TestNode) => JSON.parse((await cluster.run(node, 'status', '--json')).stdout) as { phase: string; message: string; failure: { code: string } | null }

test('a typo in conf.d of one node: it is found before the launch, the datadir stays a member\'s, and without the typo the node joins by IST', async () => {
  const before = transfers(n2) + transfers(n3)
  expect(before).toBeGreaterThan(0)
  await cluster.must(n2, 'stop')
  await insert(1)
  writeFileSync(confd(n2), '[mariadbd]\ninnodb_bufer_pool_size = 1G\n')
  const refused = await cluster.run(n2, 'start')
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${confd(n2)} line 2: unknown variable 'innodb_bufer_pool_size=1G'`) as string })
  expect(readFileSync(join(n2.gear, 'data/grastate.dat'), 'utf8')).not.toMatch(/seqno:\s+-1/)
  rmSync(confd(n2))
  await cluster.must(n2, 'start')
  expect(await countOn(n2)).toEqual([{ n: 1 }])
  expect(transfers(n2) + transfers(n3)).toBe(before)
})

test('the same where the server dies while its agent lives: it waits with the reason, tells its position, and comes back by itself', async () => {
  const before = transfers(n2)
  writeFileSync(confd(n2), '[mariadbd]\ninnodb_bufer_pool_size = 1G\nwsrep_on = OFF\n')
  cluster.kill([n2], 'server')
  await expect.poll(async () => (await status(n2)).message, { timeout: 20_000 }).toMatch(/^mariadbd is not launched: .*own\.cnf line 2: unknown variable 'innodb_bufer_pool_size=1G'; .*own\.cnf line 3 sets wsrep_on = OFF; galeractl needs ON$/)
  expect((await cluster.run(n1, 'status')).stdout).not.toContain('unknown')
  await insert(2)
  rmSync(confd(n2))
  await synced(n2)
  expect(await countOn(n2)).toEqual([{ n: 2 }])
  expect(transfers(n2)).toBe(before)
})

test('what only a start shows: after one whole state that ended for the same reason no further one is taken unasked', async () => {
  const before = transfers(n3)
  await cluster.must(n3, 'stop')
  writeFileSync(confd(n3), '[mariadbd]\ndefault_time_zone = Europe/Nope\nwsrep_notify_cmd = /bin/true\n')
  const given = await cluster.run(n3, 'start')
  expect(given, given.stderr).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/n3 has received the whole state, and mariadbd ended for the same reason as before: Fatal error: Illegal or unknown default time zone 'Europe\/Nope' \(.*own\.cnf line 2\); no further full SST is taken unasked/) as string })
  expect(transfers(n3)).toBe(before + 1)
  rmSync(confd(n3))
  await cluster.must(n3, 'start')
  expect(await countOn(n3)).toEqual([{ n: 2 }])
})
