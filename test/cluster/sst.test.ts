import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asRoot, emptied, logOf, makePair, schema, sums } from '../support/transfer.ts'

const EVERY_KIND = readFileSync(join(import.meta.dirname, 'every-kind.sql'))

const pair = (method: string, more: Parameters<typeof makePair>[2] = {}) => makePair(46, method, more)

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
  // An event that the donor runs does not run on the joiner as well.
  expect(schema(joiner)).toBe(schema(donor).replaceAll(/(ON COMPLETION (?:NOT )?PRESERVE) ENABLE/g, '$1 DISABLE ON SLAVE'))
  expect(asRoot(joiner, REST)).toBe(asRoot(donor, REST))
  asRoot(joiner, 'INSERT INTO kinds.counted (a) VALUES (3)')
  asRoot(donor, 'SET SESSION wsrep_sync_wait = 15; INSERT INTO kinds.counted (a) VALUES (4)')
  expect(logOf(donor)).toContain('`kinds`.`by_transaction` is versioned by transaction')
  const scheduler = "SELECT STATE FROM information_schema.PROCESSLIST WHERE USER = 'event_scheduler'"
  expect([asRoot(donor, scheduler), asRoot(joiner, scheduler)]).toEqual(['Waiting for next activation\n', 'Waiting on empty queue\n'])
  // It replicates from there on, and the users work.
  await cluster.sql(donor, (sql) => sql.query('CREATE TABLE after_it (id INT PRIMARY KEY)'))
  await cluster.sql(joiner, (sql) => sql.query('SET STATEMENT wsrep_sync_wait = 15 FOR INSERT INTO after_it VALUES (1)'))
  expect(asRoot(donor, 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM app.after_it; SELECT COUNT(*) FROM kinds.counted')).toBe('1\n4\n')
})

test('a view that the donor itself can not use is left out and told', async () => {
  await using two = await pair('mysqldump')
  const { cluster, donor, joiner } = two
  asRoot(donor, 'CREATE TABLE app.t (id INT); CREATE VIEW app.broken AS SELECT * FROM app.t; DROP TABLE app.t; CREATE VIEW app.sound AS SELECT 1')
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  expect(logOf(donor)).toContain("views that the donor itself cannot use were left out: `app`.`broken`")
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
