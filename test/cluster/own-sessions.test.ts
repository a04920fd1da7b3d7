import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Three real nodes on 127.0.183.x whose globals are as foreign to galeractl as they can be. */
let cluster: TestCluster

const HOSTILE = `[mariadbd]
sql_mode = ORACLE,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES
default_time_zone = "+05:00"
character_set_server = latin1
character_set_client_handshake = OFF
transaction_isolation = SERIALIZABLE
autocommit = 0
wsrep_sync_wait = 15
lock_wait_timeout = 1
group_concat_max_len = 4
wait_timeout = 1
init_connect = "THIS IS NO SQL"
`
/** What mariadbd itself would not come up with. */
const MORE = "SET GLOBAL max_statement_time = 0.001, GLOBAL wsrep_OSU_method = 'RSU', GLOBAL sql_select_limit = 1, GLOBAL tx_read_only = ON"

beforeAll(async () => {
  cluster = await makeCluster(183, 3, { setup: ['--sst-method', 'mysqldump'] })
  for (const { gear } of cluster.nodes) writeFileSync(join(gear, 'conf/conf.d/hostile.cnf'), HOSTILE)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  for (const at of [0, 1, 2]) {
    root(at, MORE)
    await agentAnew(at)
  }
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const socketOf = (at: number) => join(node(at).gear, 'run/mariadbd.sock')
/** As root, who is limited by nothing. */
const root = (at: number, sql: string) => execFileSync('mariadb', ['-uroot', `--socket=${socketOf(at)}`, '--init-command=SET SESSION max_statement_time = 0, wsrep_sync_wait = 0, autocommit = 1, sql_mode = \'\', wsrep_OSU_method = TOI, tx_read_only = 0, sql_select_limit = 1000', '-NBe', sql], { encoding: 'utf8' })
const status = async (at: number) => JSON.parse((await cluster.run(node(at), 'status', '--json')).stdout) as { synced: boolean; message: string; nodes: { self: boolean; state: string }[] }
const agentAnew = async (at: number) => {
  cluster.kill([node(at)], 'agent')
  await cluster.must(node(at), 'start')
}

test('nodes whose globals are foreign come up by state transfers over SQL, and are checked', async () => {
  for (const at of [0, 1, 2]) expect(await status(at)).toMatchObject({ synced: true })
  const { stdout, exitCode } = await cluster.run(node(1), 'check')
  expect({ stdout, exitCode }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('a row written here is read on all 3 nodes') })
})

test('a logical and a physical snapshot are taken of such a node and verified', async () => {
  root(0, "CREATE TABLE app.t (id INT PRIMARY KEY, at TIMESTAMP, word VARCHAR(20)) DEFAULT CHARSET utf8mb4; SET NAMES utf8mb4; INSERT INTO app.t VALUES (1, '2026-01-01 00:00:00', 'a\\\\\\\\b'), (2, NULL, '\u00e9\u{1F600}')")
  await cluster.must(node(0), 'snapshot', 'create', '--name', 'logical', '--checksums', '--logical')
  await cluster.must(node(0), 'snapshot', 'verify', 'logical', '--deep')
  // mariadb-backup has sessions of its own, and dies by this one.
  root(0, 'SET GLOBAL sql_select_limit = DEFAULT')
  await cluster.must(node(0), 'snapshot', 'create', '--name', 'physical', '--checksums')
  await cluster.must(node(0), 'snapshot', 'verify', 'physical', '--deep')
})

test('a node that is held up by a global causal wait is not held up for its agent', async () => {
  const lock = await rootSession(2)
  try {
    await lock.query('SET SESSION wsrep_sync_wait = 0, max_statement_time = 0')
    await lock.query('FLUSH TABLES WITH READ LOCK')
    root(0, "INSERT INTO app.t VALUES (3, NULL, 'behind the lock')")
    await agentAnew(2)
    expect(await status(2)).toMatchObject({ synced: true })
  } finally {
    lock.destroy()
  }
})

test('a server that has no connection left says so, and is Synced again when it has', async () => {
  const limit = root(1, 'SELECT @@GLOBAL.max_connections').trim()
  // Sessions of others stay, too.
  root(1, "SET GLOBAL max_connections = 10, GLOBAL wait_timeout = 1000, GLOBAL init_connect = ''")
  cluster.kill([node(1)], 'agent')
  const taken: Connection[] = []
  const account = await cluster.account(node(1))
  try {
    // One more is kept for users like root's and the agent's; those of who has just ended may be there a moment longer.
    const take = async (open: () => Promise<Connection>): Promise<number> => {
      const opened = (await Promise.allSettled(Array.from({ length: 15 }, open))).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      for (const one of opened) one.on('error', () => undefined)
      taken.push(...opened)
      return opened.length
    }
    await expect.poll(() => root(1, 'SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER LIKE "galeractl%"').trim()).toBe('0')
    await expect.poll(async () => (await take(() => createConnection({ socketPath: socketOf(1), user: account.user, password: account.password }))) + (await take(() => rootSession(1))), { interval: 300 }).toBe(0)
    const starting = cluster.run(node(1), 'start', '--timeout', '8')
    await expect.poll(async () => (await status(1)).message, { timeout: 15_000 }).toContain('max_connections is reached')
    expect(await status(1)).toMatchObject({ synced: false, nodes: expect.arrayContaining([expect.objectContaining({ self: true, state: 'no SQL' })]) })
    expect(readFileSync(join(node(1).gear, 'run/server.json'), 'utf8')).toContain('pid')
    for (const one of taken) one.destroy()
    await starting
    await expect.poll(async () => (await status(1)).synced, { timeout: 15_000 }).toBe(true)
  } finally {
    for (const one of taken) one.destroy()
    // Those that were destroyed may be there a moment longer.
    await expect.poll(() => root(1, `SET GLOBAL max_connections = ${limit}`)).toBe('')
  }
})

function rootSession(at: number): Promise<Connection> {
  return createConnection({ socketPath: socketOf(at), user: 'root' })
}
