import { expect, test } from 'vitest'
import { parseSstArguments } from '../../../src/sst/arguments.ts'

const GTID = '8b0374d3-e5ba-11f1-b998-d3da5f1ced50:17'
const called = (...more: string[]) => ['--address', '10.0.0.3:3306', '--port', '3306', '--local-port', '3306', '--socket', '/gear/run/mariadbd.sock', '--datadir', '/gear/data/', '--defaults-file', '/gear/conf/my.cnf', '--gtid', `${GTID},0-1-42`, '--gtid-domain-id', '11', ...more]

test('the command line that mariadbd gives is understood, and its own arguments behind it are left alone', () => {
  const expected = { host: '10.0.0.3', port: 3306, socket: '/gear/run/mariadbd.sock', gtid: `${GTID},0-1-42`, gtidDomainId: 11, bypass: false }
  expect(parseSstArguments(called('--mysqld-args', '--socket=/x', '--what', '--bypass'))).toEqual(expected)
  expect(parseSstArguments(called('--of-a-later-version', 'x')).gtid).toBe(expected.gtid)
  expect(parseSstArguments(called('--bypass'))).toEqual({ ...expected, bypass: true })
})

test.each([
  ['[fd00::7]:3307', 'fd00::7', 3307],
  ['[fe80::1%eth0]', 'fe80::1%eth0', 3306],
  ['db3.example.org:3309', 'db3.example.org', 3309],
  ['10.0.0.3', '10.0.0.3', 3306],
])('the joiner at %s', (address, host, port) => {
  expect(parseSstArguments(['--address', address, '--socket', '/s', '--gtid', GTID])).toMatchObject({ host, port, gtidDomainId: null })
})

test.each([
  ['no address', ['--socket', '/s', '--gtid', GTID]],
  ['a shell in the address', ['--address', '$(touch /tmp/x):3306;', '--socket', '/s', '--gtid', GTID, '--port', 'x']],
  ['SQL in the position', ['--address', 'h:1', '--socket', '/s', '--gtid', `${GTID}'; DROP DATABASE x`]],
  ['no position', ['--address', 'h:1', '--socket', '/s']],
  ['a relative socket', ['--address', 'h:1', '--socket', 's', '--gtid', GTID]],
  ['a port out of range', ['--address', 'h:70000', '--socket', '/s', '--gtid', GTID]],
  ['an argument without its value', ['--address', 'h:1', '--socket', '/s', '--gtid']],
])('%s is refused', (_, args) => {
  expect(() => parseSstArguments(args)).toThrow(expect.objectContaining({ code: 'bad-sst-argument', exitCode: 2 }))
})
