import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { waitFor } from '../../src/system/wait.ts'

const EVERY_KIND = readFileSync(join(import.meta.dirname, 'every-kind.sql'))

/** The server's own view of the cluster, logs and numbers of transactions differ from node to node; each writes its estimates anew when it likes. */
const OWN = "table_schema = 'mysql' AND table_name IN ('innodb_table_stats', 'innodb_index_stats', 'general_log', 'slow_log', 'wsrep_cluster_members', 'wsrep_cluster', 'gtid_slave_pos', 'transaction_registry') OR table_name = 'by_transaction'"

const socketOf = (node: TestNode) => join(node.gear, 'run/mariadbd.sock')
const asRoot = (node: TestNode, input: string | Buffer) => execFileSync('mariadb', ['-uroot', '--default-character-set=utf8mb4', '-NB', '-S', socketOf(node), 'app'], { input, maxBuffer: 2 ** 28, encoding: 'utf8' })
const logOf = (node: TestNode) => readFileSync(join(node.gear, 'log/mariadbd.log'), 'utf8')

/** Two nodes, both up; or three, where the others must have quorum when one dies. */
async function pair(method: string, more: { readonly setup?: readonly string[]; readonly server?: string; readonly size?: 2 | 3 } = {}): Promise<{ cluster: TestCluster; donor: TestNode; joiner: TestNode } & AsyncDisposable> {
  const cluster = await makeCluster(46, more.size ?? 2, { setup: ['--sst-method', method, ...(more.setup ?? [])] })
  const [donor, joiner] = cluster.nodes as [TestNode, TestNode]
  for (const node of cluster.nodes) writeFileSync(join(node.gear, 'conf/conf.d/more.cnf'), `[mariadbd]\nwsrep_sst_donor = n1,\n${more.server ?? ''}\n`)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  return { cluster, donor, joiner, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() }
}

/** A node that has lost everything comes again. */
async function emptied(cluster: TestCluster, node: TestNode): Promise<void> {
  await cluster.must(node, 'stop')
  rmSync(join(node.gear, 'data'), { recursive: true })
  await cluster.setup(node)
}

/** CHECKSUM TABLE EXTENDED of every table. Not of sequences: the server's answer to that is malformed after FLUSH TABLES [ran: 10.11.19]. */
function sums(node: TestNode): string {
  const tables = asRoot(node, `SELECT CONCAT('\`', REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`') FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys') AND NOT (${OWN}) ORDER BY 1`)
  return asRoot(node, `CHECKSUM TABLE ${tables.trim().split('\n').join(', ')} EXTENDED`)
}

/** Without a view that is of no use any more. */
const schema = (node: TestNode) => spawnSync('mariadb-dump', ['-uroot', '-S', socketOf(node), '--all-databases', '--no-data', '--routines', '--events', '--triggers', '--skip-comments'], { maxBuffer: 2 ** 28, encoding: 'utf8' }).stdout

/** What neither of the two shows. */
const REST = "SELECT * FROM kinds.versioned FOR SYSTEM_TIME ALL ORDER BY 1, 2; SELECT * FROM kinds.periods FOR SYSTEM_TIME ALL ORDER BY 1, 2; SELECT *, hidden FROM kinds.modern ORDER BY id; SHOW GRANTS FOR `o'brien`@'10.%'; SELECT kinds.double_of(4); SELECT * FROM kinds.a_view ORDER BY 1; SELECT * FROM kinds.numbered; SELECT * FROM kinds.spread; SELECT x FROM kinds.by_transaction ORDER BY x; SELECT * FROM `SYS`.t; SHOW GLOBAL VARIABLES LIKE 'gtid_binlog_state'; SHOW GLOBAL VARIABLES WHERE Variable_name IN ('general_log', 'event_scheduler', 'innodb_flush_log_at_trx_commit', 'innodb_stats_auto_recalc'); SELECT COUNT(*) FROM mysql.global_priv WHERE User = ''"

test('a transfer by mysqldump carries one of everything, and the tables are equal', async () => {
  await using two = await pair('mysqldump', { server: 'log_bin = bin\nlog_slave_updates = ON\nwsrep_gtid_mode = ON\ngtid_domain_id = 9\nwsrep_gtid_domain_id = 11\nevent_scheduler = ON\ngeneral_log = ON' })
  const { cluster, donor, joiner } = two
  asRoot(donor, EVERY_KIND)
  asRoot(donor, 'DROP VIEW kinds.broken')
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  expect(sums(joiner)).toBe(sums(donor))
  expect(schema(joiner)).toBe(schema(donor))
  expect(asRoot(joiner, REST)).toBe(asRoot(donor, REST))
  asRoot(joiner, 'INSERT INTO kinds.counted (a) VALUES (3)')
  asRoot(donor, 'SET SESSION wsrep_sync_wait = 1; INSERT INTO kinds.counted (a) VALUES (4)')
  expect(logOf(donor)).toContain('`kinds`.`by_transaction` is versioned by transaction')
  await expect.poll(() => asRoot(joiner, "SELECT STATE FROM information_schema.PROCESSLIST WHERE USER = 'event_scheduler'"), { timeout: 10_000 }).toBe('Waiting for next activation\n')
  // It replicates from there on, and the users work.
  await cluster.sql(donor, (sql) => sql.query('CREATE TABLE after_it (id INT PRIMARY KEY)'))
  await cluster.sql(joiner, (sql) => sql.query('INSERT INTO after_it VALUES (1)'))
  expect(asRoot(donor, 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM app.after_it; SELECT COUNT(*) FROM kinds.counted')).toBe('1\n4\n')
})

test('a view that the donor itself can not use is left out and told', async () => {
  await using two = await pair('mysqldump')
  const { cluster, donor, joiner } = two
  asRoot(donor, 'CREATE TABLE app.t (id INT); CREATE VIEW app.broken AS SELECT * FROM app.t; DROP TABLE app.t; CREATE VIEW app.sound AS SELECT 1')
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  expect(logOf(donor)).toContain("views that the donor itself can't use were left out: `app`.`broken`")
  expect(asRoot(joiner, 'SHOW TABLES FROM app')).toBe('sound\n')
})

test('a large table is carried in ranges of its primary key by several sessions', async () => {
  await using two = await pair('mysqldump', { setup: ['--sst-lanes', '4'] })
  const { cluster, donor, joiner } = two
  asRoot(donor, "CREATE TABLE app.big (id BIGINT PRIMARY KEY, a INT, t VARCHAR(2000), KEY (a)); INSERT INTO app.big SELECT CAST(seq AS SIGNED) * 3 - 100000, seq % 100, REPEAT(MD5(seq), 30) FROM seq_1_to_120000; ANALYZE TABLE app.big")
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  expect(sums(joiner)).toBe(sums(donor))
  expect(asRoot(joiner, 'SELECT COUNT(*) FROM app.big')).toBe('120000\n')
})

test.each(['mysqldump', 'mariabackup', 'rsync'])('with %s, a node that lost its data gets it whole, and one that only missed some writes gets those', async (method) => {
  await using two = await pair(method)
  const { cluster, donor, joiner } = two
  asRoot(donor, 'CREATE TABLE app.t (id INT PRIMARY KEY); INSERT INTO app.t SELECT seq FROM seq_1_to_1000')
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  await cluster.must(joiner, 'stop')
  asRoot(donor, 'INSERT INTO app.t SELECT seq FROM seq_1001_to_1100')
  const before = logOf(joiner).length
  await cluster.must(joiner, 'start')
  expect(asRoot(joiner, 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM app.t')).toBe('1100\n')
  expect(logOf(joiner).slice(before)).toContain('IST received')
  expect(sums(joiner)).toBe(sums(donor))
  if (method === 'mysqldump') expect(logOf(donor)).toContain('the position was handed over; write-sets follow')
})

test('a joiner without the user of the transfer: both sides say so, and with it the next attempt works', async () => {
  await using two = await pair('mysqldump')
  const { cluster, donor, joiner } = two
  await emptied(cluster, joiner)
  // As a datadir that somebody else has made.
  writeFileSync(join(joiner.gear, 'conf/conf.d/init.cnf'), `[mariadbd]\ninit_file = ${join(cluster.folder, 'init.sql')}\n`)
  writeFileSync(join(cluster.folder, 'init.sql'), "SET sql_log_bin = 0;\nSET wsrep_on = OFF;\nDROP USER IF EXISTS galeractl_sst@'%';\n")
  const failed = await cluster.run(joiner, 'start', '--timeout', '60')
  expect(failed.exitCode).toBe(5)
  for (const node of [donor, joiner]) expect(logOf(node)).toMatch(/\[ERROR\].*refuses the state transfer's user galeractl_sst: Access denied/)
  rmSync(join(joiner.gear, 'conf/conf.d/init.cnf'))
  await cluster.must(joiner, 'stop')
  rmSync(join(joiner.gear, 'data'), { recursive: true })
  await cluster.setup(joiner)
  await cluster.must(joiner, 'start')
})

test.each(['donor', 'joiner'] as const)('the %s dies in the middle of a transfer: the next one is whole', async (who) => {
  await using three = await pair('mysqldump', { size: 3 })
  const { cluster, donor, joiner } = three
  asRoot(donor, "CREATE TABLE app.big (id INT PRIMARY KEY, t VARCHAR(2000)); INSERT INTO app.big SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_200000")
  await emptied(cluster, joiner)
  const starting = cluster.run(joiner, 'start')
  await waitFor('rows are on their way', async () => (logOf(joiner).includes('from n1: 0 of 1 tables') ? true : undefined), { timeout: 60_000, interval: 20 })
  cluster.kill([who === 'donor' ? donor : joiner], 'server')
  // Its agent starts it again.
  await starting
  await Promise.all(cluster.nodes.map((node) => cluster.run(node, 'start')))
  for (const node of cluster.nodes) expect((await cluster.run(node, 'status')).exitCode).toBe(0)
  expect(asRoot(joiner, 'SELECT COUNT(*) FROM app.big')).toBe('200000\n')
  expect(sums(joiner)).toBe(sums(donor))
})

test('a transfer by mariabackup that the donor can not make leaves a joiner that starts again', async () => {
  await using two = await pair('mariabackup')
  const { cluster, donor, joiner } = two
  const login = join(donor.gear, 'conf/backup.cnf')
  const right = readFileSync(login, 'utf8')
  writeFileSync(login, right.replace(/password = .*/, 'password = "wrong"'))
  await emptied(cluster, joiner)
  expect((await cluster.run(joiner, 'start', '--timeout', '100')).exitCode).toBe(5)
  await cluster.must(joiner, 'stop')
  writeFileSync(login, right)
  await cluster.must(joiner, 'start')
  expect(sums(joiner)).toBe(sums(donor))
})

test('a joiner that hangs is given up after the silence that is allowed, and the donor serves again', async () => {
  await using three = await pair('mysqldump', { size: 3, setup: ['--sst-silence', '3'] })
  const { cluster, donor, joiner } = three
  asRoot(donor, 'CREATE TABLE app.big (id INT PRIMARY KEY, t VARCHAR(2000)); INSERT INTO app.big SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_200000')
  await emptied(cluster, joiner)
  const starting = cluster.run(joiner, 'start', '--timeout', '60')
  await waitFor('rows are on their way', async () => (logOf(joiner).includes('from n1: 0 of 1 tables') ? true : undefined), { timeout: 60_000, interval: 20 })
  const hung = cluster.serverPid(joiner)
  process.kill(hung, 'SIGSTOP')
  await waitFor('the donor gives it up', async () => (logOf(donor).includes('no byte moved and the joiner did not work for 3 s') ? true : undefined), { timeout: 30_000 })
  process.kill(hung, 'SIGKILL')
  await starting
  await Promise.all(cluster.nodes.map((node) => cluster.run(node, 'start')))
  expect(sums(joiner)).toBe(sums(donor))
})
