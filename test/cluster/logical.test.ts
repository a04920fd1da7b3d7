import { execFileSync, spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdirSync, readFileSync, truncateSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { derivePassword, SST_USER } from '../../src/config/secrets.ts'
import { checksumTables } from '../../src/snapshot/logical/checksums.ts'
import { dumpLogical, type LogicalDump } from '../../src/snapshot/logical/dump.ts'
import { loadLogical } from '../../src/snapshot/logical/load.ts'
import { readMembers } from '../../src/snapshot/logical/tar-reader.ts'
import { TarWriter } from '../../src/snapshot/logical/tar-writer.ts'
import { type Standalone, startStandalone } from '../support/standalone.ts'
import { asRoot, makePair } from '../support/transfer.ts'

/** A server with one of everything, and an archive of it. */
const ODD = ['--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES', '--log-bin=bin', '--event-scheduler=ON', '--general-log=ON', '--default-time-zone=+05:30', '--innodb-strict-mode=ON']
let source: Standalone
let archive: string
let dump: LogicalDump

beforeAll(async () => {
  // Or the source would count again between the archive and what is compared with it.
  source = await startStandalone({ settings: [...ODD, '--innodb-stats-auto-recalc=OFF'] })
  source.sql(Buffer.concat([Buffer.from("SET GLOBAL sql_mode = '';\n"), readFileSync(join(import.meta.dirname, 'every-kind.sql'))]))
  // Larger than a file of the archive.
  source.sql("USE kinds; CREATE TABLE kinds.long_rows (id INT PRIMARY KEY, t LONGTEXT, b MEDIUMBLOB); INSERT INTO kinds.long_rows VALUES (1, REPEAT('tab\tnew\n', 1500000), 'x'), (2, NULL, REPEAT('\\\\', 5000000)), (3, '', ''); CREATE TABLE kinds.many (id INT PRIMARY KEY, t VARCHAR(200)); INSERT INTO kinds.many SELECT seq, REPEAT(MD5(seq), 5) FROM seq_1_to_60000; ANALYZE TABLE kinds.many, kinds.long_rows, kinds.texts, kinds.numbers")
  source.sql("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'")
  archive = join(source.folder, 'archive.tar')
  dump = await dumpLogical({ access: source.access, output: createWriteStream(archive), lanes: 2, sums: 'sums', buffers: 'reused' })
  source.sql('DROP VIEW kinds.broken')
})
afterAll(() => source[Symbol.asyncDispose]())

const load = (target: Standalone, file = archive, lanes = 2) => loadLogical({ access: target.access, input: createReadStream(file), lanes })

/** Definitions of all databases but the server's own, and all users with what they may. */
const definitions = (server: Standalone) => ['--routines --events --triggers --no-data --databases SYS kinds we`ird-ñame', '--system=users --insert-ignore'].map((options) => spawnSync('mariadb-dump', ['-uroot', '-S', server.access.socketPath, '--skip-comments', ...options.split(' ')], { maxBuffer: 2 ** 28, encoding: 'utf8' }).stdout)

/** What neither sums nor definitions show. */
const REST = "SET SESSION sql_mode = ''; SELECT * FROM kinds.versioned FOR SYSTEM_TIME ALL ORDER BY 1, 2; SELECT *, hidden FROM kinds.modern ORDER BY id; SELECT kinds.double_of(4); SELECT * FROM kinds.a_view ORDER BY 1; SELECT * FROM kinds.numbered; SELECT * FROM kinds.spread; SELECT x FROM kinds.by_transaction ORDER BY x; SELECT * FROM mysql.servers; SELECT * FROM mysql.roles_mapping ORDER BY 1, 2, 3; SELECT * FROM mysql.column_stats ORDER BY 1, 2, 3; SELECT database_name, table_name, n_rows FROM mysql.innodb_table_stats WHERE database_name <> 'mysql' ORDER BY 1, 2; SELECT name, type, sql_mode, body_utf8, definer, character_set_client FROM mysql.proc WHERE db = 'kinds' ORDER BY 1, 2; SELECT name, body, time_zone, starts, execute_at, status, sql_mode, comment FROM mysql.event ORDER BY 1; SELECT TRIGGER_NAME, CREATED, SQL_MODE, HEX(ACTION_STATEMENT) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'kinds'; SELECT @@event_scheduler, @@general_log, @@local_infile"

test.each([2, 5])('an archive carries one of everything into another server, with %i lanes', async (lanes) => {
  await using target = await startStandalone({ settings: ODD })
  const loaded = await load(target, archive, lanes)
  expect(loaded.tables).toEqual(dump.tables.map(({ schema, name, rows }) => ({ schema, name, rows })))
  expect(loaded.notes).toEqual([])
  expect((await checksumTables(target.access)).tables).toEqual((await checksumTables(source.access)).tables)
  expect(definitions(target)).toEqual(definitions(source))
  expect(target.sql(REST)).toBe(source.sql(REST))
})

test('what was taken is told: sums of the same state, what was left out, no position where there is no cluster', async () => {
  const key = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`
  const sort = <One extends { schema: string; name: string }>(all: readonly One[]) => all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  expect(sort(dump.tables)).toEqual(sort((await checksumTables(source.access)).tables))
  expect(dump.notes.join()).toMatch(/`kinds`.`by_transaction` is versioned by transaction.*`kinds`.`broken`/)
  expect(dump).toMatchObject({ position: null, gtidBinlogPos: expect.stringMatching(/^0-1-\d+$/) })
})

test('the archive is of use by hand', async () => {
  await using target = await startStandalone()
  const folder = join(target.folder, 'unpacked')
  mkdirSync(folder)
  execFileSync('tar', ['xf', archive, '-C', folder])
  const rows = "LOAD=rows/kinds/long_rows; cat $LOAD/1.tsv.* > $LOAD/1.tsv; for t in long_rows texts numbers; do cat schema/tables/kinds/$t.sql; cat rows/kinds/$t/load.sql; done"
  execFileSync('sh', ['-c', `{ cat schema/databases.sql schema/sequences.sql; ${rows}; cat schema/routines.sql; } | mariadb -uroot -S '${target.access.socketPath}' --local-infile=1`], { cwd: folder })
  const sum = 'CHECKSUM TABLE kinds.texts, kinds.numbers EXTENDED; SELECT COUNT(*) > 0 FROM kinds.long_rows; SELECT kinds.double_of(2)'
  expect(target.sql(sum)).toBe(source.sql(sum))
})

test('an archive that is cut off is told, and a server with tables is left alone', async () => {
  await using target = await startStandalone()
  const cut = join(target.folder, 'cut.tar')
  execFileSync('cp', [archive, cut])
  truncateSync(cut, (await stat(archive)).size - 40_000)
  await expect(load(target, cut)).rejects.toMatchObject({ code: 'archive-damaged', message: expect.stringContaining('Tar archive is truncated') })
  await expect(load(target)).rejects.toMatchObject({ code: 'not-empty' })
})

test('a table that arrives with another number of rows is named', async () => {
  await using target = await startStandalone()
  const changed = join(target.folder, 'changed.tar')
  const tar = new TarWriter(createWriteStream(changed))
  for await (const { name, whole } of readMembers(createReadStream(archive))) await tar.add(name, name === 'rows/kinds/numbers/rows.json' ? Buffer.from('{"rows":7}') : await whole())
  await tar.end()
  await expect(load(target, changed)).rejects.toMatchObject({ code: 'rows-differ', message: '`kinds`.`numbers`: 5 of 7 rows could be loaded' })
})

test('a node of a cluster is read in one state while it is written to, and is Synced afterwards', async () => {
  await using two = await makePair(81, 'mysqldump')
  const { cluster, donor } = two
  asRoot(donor, "CREATE TABLE app.a (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(200)); CREATE TABLE app.b LIKE app.a; CREATE TABLE app.local (id INT) ENGINE = MyISAM; INSERT INTO app.local VALUES (1); INSERT INTO app.a SELECT seq, REPEAT('x', 150) FROM seq_1_to_50000; INSERT INTO app.b SELECT * FROM app.a")
  const seqno = () => BigInt(asRoot(donor, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_last_committed'"))
  const written = new AbortController()
  // Held up while one state is taken, and by no table that has been read.
  const writer = cluster.sql(two.joiner, async (sql) => {
    while (!written.signal.aborted) {
      await sql.query('START TRANSACTION')
      await sql.query("INSERT INTO a (t) VALUES ('new')")
      await sql.query("INSERT INTO b (t) VALUES ('new')")
      await sql.query('COMMIT')
    }
  })
  await using target = await startStandalone()
  const before = seqno()
  const password = derivePassword(readFileSync(join(cluster.folder, 'secret'), 'utf8').trim(), SST_USER)
  const file = join(target.folder, 'node.tar')
  const access = { socketPath: join(donor.gear, 'run/mariadbd.sock'), user: SST_USER, password }
  const taken = await dumpLogical({ access, output: createWriteStream(file), lanes: 2 })
  const after = seqno()
  written.abort()
  await writer
  expect(taken.position?.uuid).toBe(asRoot(donor, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_cluster_state_uuid'").trim())
  expect(taken.position?.seqno).toBeGreaterThanOrEqual(before)
  expect(taken.position?.seqno).toBeLessThan(after)
  await load(target, file)
  const rows = (name: string) => Number(target.sql(`SELECT COUNT(*) FROM app.${name}`))
  expect(rows('a')).toBe(rows('b'))
  expect(rows('a')).toBeGreaterThan(50_000)
  expect(rows('local')).toBe(1)
  expect((await cluster.run(donor, 'status')).exitCode).toBe(0)

  // A table that is being read is altered by another node: the cluster does not wait for the slow output.
  const slow = new Writable({ highWaterMark: 1, write: ({ length }: Buffer, _, done) => void setTimeout(done, length > 100_000 ? 200 : 0) })
  const [outcome] = await Promise.all([
    dumpLogical({ access, output: slow, lanes: 2 }).then(() => 'done', (error: Error & { code: string }) => error.code),
    delay(1_000).then(() => cluster.sql(two.joiner, (sql) => sql.query('ALTER TABLE a ADD COLUMN more INT'))),
  ])
  expect(outcome).toBe('definitions-changed')
  expect(asRoot(donor, 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(more) FROM app.a')).toBe('0\n')
})

test('a dump and a load that are called off end at once with the reason', async () => {
  await using target = await startStandalone()
  const reason = new Error('called off')
  const output = createWriteStream(join(target.folder, 'x.tar'))
  await expect(dumpLogical({ access: source.access, output, lanes: 2, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const soon = new AbortController()
  const loading = loadLogical({ access: target.access, input: createReadStream(archive), lanes: 2, signal: soon.signal, tell: () => undefined })
  setTimeout(() => soon.abort(reason), 100)
  await expect(loading).rejects.toBe(reason)
})
