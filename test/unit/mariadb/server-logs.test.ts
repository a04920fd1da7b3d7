import { expect, test } from 'vitest'
import { serverLogs } from '../../../src/mariadb/server-logs.ts'

/** [ran, 10.11.19]: the files that a server made. */
test.each([
  [[], null],
  [[['log_error', '/var/log/x.log']], '/var/log/x.log'],
  [[['log_error', 'foo']], '/g/data/foo.err'],
  [[['log_error', 'foo.log']], '/g/data/foo.log'],
  [[['log_error', null]], '/g/run/mariadbd.err'],
  [[['log_error', 'OFF']], '/g/data/OFF.err'],
  [[['log_error', 'foo'], ['skip_log_error', null]], null],
  [[['log_basename', 'zz']], null],
  [[['log_error', '/dev/stderr']], null],
] as const)('%j: the error log is %s', (lines, expected) => {
  const options = lines.map(([name, value], at) => ({ name, value, file: '/g/conf/conf.d/a.cnf', line: at, loose: false }))
  expect(serverLogs(options, { data: '/g/data', pidFile: '/g/run/mariadbd.pid' }).error).toBe(expected)
})

test('general and slow log', () => {
  const options = [['general_log_file', '/l/g.log'], ['slow_query_log_file', 'slow.log']].map(([name = '', value = ''], at) => ({ name, value, file: '', line: at, loose: false }))
  expect(serverLogs(options, { data: '/g/data', pidFile: '/g/run/x.pid' })).toEqual({ error: null, general: '/l/g.log', slow: '/g/data/slow.log' })
})
