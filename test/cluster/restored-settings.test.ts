import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { asRoot, emptied, makePair } from '../support/transfer.ts'

/** Settings of a user's own that refuse what was made before them, on 127.0.221.x. */
const STRICT = "default_time_zone = 'Europe/Berlin'\ninnodb_force_primary_key = ON\nenforce_storage_engine = InnoDB\ninnodb_read_only_compressed = ON\ninnodb_strict_mode = ON\nread_only = ON\nsql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'\nmax_allowed_packet = 1M\n"
const MADE = "CREATE TABLE app.no_key (a INT) ENGINE=InnoDB; INSERT INTO app.no_key VALUES (1), (2); CREATE TABLE app.isam (id INT PRIMARY KEY) ENGINE=MyISAM; CREATE TABLE app.packed (id INT PRIMARY KEY) ENGINE=InnoDB ROW_FORMAT=COMPRESSED; INSERT INTO app.packed VALUES (1); CREATE TABLE app.large (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO app.large VALUES (1, REPEAT('x', 9000000))"
const ZONE = "INSERT INTO mysql.time_zone VALUES (1, 'N'); INSERT INTO mysql.time_zone_name VALUES ('Europe/Berlin', 1); INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, 3600, 0, 'CET')"
const found = (node: TestNode) => asRoot(node, "SELECT table_name, engine, row_format FROM information_schema.tables WHERE table_schema = 'app' ORDER BY 1; SELECT a FROM app.no_key ORDER BY 1; SELECT id FROM app.packed; SELECT id, LENGTH(b) FROM app.large; SELECT @@GLOBAL.time_zone, @@GLOBAL.innodb_force_primary_key, @@GLOBAL.innodb_read_only_compressed")
const FOUND = 'isam\tMyISAM\tFixed\nlarge\tInnoDB\tDynamic\nno_key\tInnoDB\tDynamic\npacked\tInnoDB\tCompressed\n1\n2\n1\n1\t9000000\nEurope/Berlin\t1\t1\n'
const set = (node: TestNode, text: string) => writeFileSync(join(node.gear, 'conf/conf.d/own.cnf'), `[mariadbd]\n${text}`)

test('tables that the settings would refuse now are verified and restored as they were', async () => {
  await using cluster = await makeCluster(221, 1)
  const [node] = cluster.nodes as [TestNode]
  await cluster.must(node, 'start')
  asRoot(node, `${MADE}; ${ZONE}`)
  set(node, STRICT)
  await cluster.must(node, 'restart')
  for (const kind of [['--logical'], []]) {
    const id = `s${kind.length}`
    await cluster.must(node, 'snapshot', 'create', '--name', id, ...kind)
    await cluster.must(node, 'snapshot', 'verify', id, '--deep')
    await cluster.must(node, 'restore', id, '--cluster', '--yes', 'test')
    expect(found(node)).toBe(FOUND)
  }
})

test('a physical restore whose tables the server could not find is refused before anything is exchanged', async () => {
  await using cluster = await makeCluster(221, 1)
  const [node] = cluster.nodes as [TestNode]
  await cluster.must(node, 'start')
  asRoot(node, 'CREATE TABLE app.Orders (id INT PRIMARY KEY)')
  await cluster.must(node, 'snapshot', 'create', '--name', 's1')
  asRoot(node, 'DROP TABLE app.Orders; CREATE TABLE app.kept (id INT PRIMARY KEY)')
  set(node, 'lower_case_table_names = 1\n')
  await cluster.must(node, 'restart')
  expect(await cluster.run(node, 'restore', 's1', '--cluster', '--yes', 'test')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('app.Orders') })
  expect(asRoot(node, 'SHOW TABLES FROM app')).toBe('kept\n')
})

test('a joiner by mysqldump with such settings gets the tables as they are', async () => {
  await using two = await makePair(221, 'mysqldump')
  const { cluster, donor, joiner } = two
  asRoot(donor, `${MADE}; ${ZONE}`)
  for (const node of cluster.nodes) set(node, STRICT)
  await cluster.must(donor, 'restart')
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  expect(found(joiner)).toBe(FOUND)
  // The data of the transfer makes the next start.
  await cluster.must(joiner, 'restart')
})
