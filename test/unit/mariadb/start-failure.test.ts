import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { SetOption } from '../../../src/mariadb/option-files.ts'
import { causeIn, causesIn, withPlace } from '../../../src/mariadb/start-failure.ts'

/** Failed starts of real servers (10.11.19), with what is their cause. */
const FAILED = JSON.parse(readFileSync(new URL('failed-starts.json', import.meta.url), 'utf8')) as readonly { readonly what: string; readonly cause: string; readonly log: readonly string[] }[]

test.each(FAILED)('a start that failed on $what', ({ cause, log }) => {
  expect(causeIn(log.join('\n'))).toBe(cause)
})

test('no cause is a mere consequence, and none of them is missing', () => {
  expect(FAILED.length).toBeGreaterThan(60)
  expect(FAILED.filter(({ cause }) => /^Aborting|registration as|View callback|interrupted|Failed to load provider/.test(cause))).toEqual([])
})

test('a log of a server that only notes and warns shows no cause', () => {
  expect(causeIn('2026-11-28 20:39:00 0 [Note] InnoDB: 128 rollback segments are active.\n2026-11-28 20:39:00 0 [Warning] no error\n')).toBeNull()
  expect(causeIn('')).toBeNull()
})

test('a consequence is told where nothing else is said, and a bare "Aborting" never', () => {
  expect(causeIn("2026-11-28 20:39:00 0 [ERROR] Plugin 'InnoDB' registration as a STORAGE ENGINE failed.\n2026-11-28 20:39:00 0 [ERROR] Aborting")).toBe("Plugin 'InnoDB' registration as a STORAGE ENGINE failed.")
  expect(causeIn('2026-11-28 20:39:00 0 [ERROR] Aborting')).toBeNull()
})

test('what a state transfer says comes before what follows from it', () => {
  const log = ["WSREP_SST: [ERROR] Possible timeout in receiving first data from donor in gtid/keyring stage (20261128 20:39:00.123)", "2026-11-28 20:39:00 0 [ERROR] WSREP: SST failed: 32 (Broken pipe)", '2026-11-28 20:39:00 2 [ERROR] WSREP: Application state transfer failed. This is unrecoverable condition, restart required.']
  expect(causeIn(log.join('\n'))).toBe('WSREP_SST: Possible timeout in receiving first data from donor in gtid/keyring stage')
})

test('the value of a secret option is left out', () => {
  expect(causesIn("2026-11-28 20:39:00 0 [ERROR] mariadbd: unknown variable 'file_key_management_filekey=hunter2'")).toEqual(["unknown variable 'file_key_management_filekey'"])
})

test('a crash is a cause', () => {
  expect(causeIn('2026-11-28 20:39:00 0x7f InnoDB: Assertion failure in file ./storage/innobase/btr/btr0cur.cc line 336\n261128 20:39:00 [ERROR] /usr/sbin/mariadbd got signal 6 ;')).toMatch(/Assertion failure in file/)
})

const line = (name: string, value: string | null, at: number): SetOption => ({ name, value, file: '/g/conf/conf.d/a.cnf', line: at, loose: false })

test.each([
  ["unknown variable 'innodb-bufer_pool_size=1G'", 2],
  ["unknown option '--innodb_bufer'", 3],
  ["Error while setting value 'abc' to 'port'", 5],
  ["Unknown suffix 'a' used for variable 'port' (value 'abc'). Legal suffix characters are: K, M, G, T, P, E", 5],
  ["option '--max_connections' requires an argument", 6],
  ["Error while setting value 'fish' to 'binlog_format'", 7],
  ["Fatal error: Illegal or unknown default time zone 'Europe/Nope'", 8],
  ["ambiguous option '--innodb_buffer_pool_siz=1G' (innodb-buffer-pool-size, innodb-buffer-pool-size-max)", 9],
  ['InnoDB: File ./ib_logfile0 was not found', null],
  ["Plugin 'InnoDB' registration as a STORAGE ENGINE failed.", null],
])('%s is about line %s', (cause, at) => {
  const options = [line('innodb_bufer_pool_size', '1G', 2), line('innodb_bufer', null, 3), line('port', '1', 4), line('port', 'abc', 5), line('max_connections', null, 6), line('loose_x', null, 7), line('binlog_f', 'fish', 7), line('default_time_zone', 'Europe/Nope', 8), line('innodb_buffer_pool_siz', '1G', 9), line('default_storage_engine', 'InnoDB', 10)]
  expect(withPlace(cause, options)).toBe(at === null ? cause : `${cause} (/g/conf/conf.d/a.cnf line ${at})`)
})
