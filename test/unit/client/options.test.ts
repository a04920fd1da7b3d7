import { expect, test } from 'vitest'
import { failureOf } from '../../../src/client/failure.ts'
import { resolveOptions } from '../../../src/client/options.ts'

test.each([
  ['10.0.0.1', { host: '10.0.0.1' }, '10.0.0.1:3306'],
  ['db.example:3307', { host: 'db.example', port: 3307 }, 'db.example:3307'],
  ['[fd00::1]:3308', { host: 'fd00::1', port: 3308 }, '[fd00::1]:3308'],
  ['/run/mariadb.sock', { socketPath: '/run/mariadb.sock' }, '/run/mariadb.sock'],
])('%s', (text, connection, name) => {
  expect(resolveOptions({ nodes: [text], user: 'app', database: 'a`b' })).toMatchObject({ nodes: [{ name, connection: { ...connection, user: 'app' } }], tokenTable: '`a``b`.`galeractl_commits`' })
})

test('a node has the options of all, but for its own', () => {
  const { nodes } = resolveOptions({ user: 'app', nodes: [{ host: 'a', user: 'other', name: 'first', priority: 5 }, { host: '127.0.0.1' }] })
  expect(nodes).toMatchObject([{ name: 'first', priority: 5, local: false, connection: { user: 'other' } }, { local: true, connection: { user: 'app' } }])
})

test.each([
  [{ nodes: [] }, 'nodes is empty'],
  [{ nodes: ['a b'] }, 'is no address'],
  [{ nodes: ['a'], tokenTable: 'x; DROP' }, 'is no name of a table'],
  [{ nodes: ['a'], consistency: 'some' }, 'consistency'],
  [{ nodes: ['a'], replays: '5' }, 'replays'],
  [{ nodes: ['a'], causalTimeout: -1 }, 'causalTimeout'],
  [{ nodes: ['a'], probeInterval: 0 }, 'probeInterval'],
  [{ nodes: [{ host: 'a', database: 'x' }, { host: 'b', database: 'y' }] }, 'different databases'],
])('%j is refused with the reason', (options, message) => {
  expect(() => resolveOptions(options as never)).toThrow(message)
})

test.each([
  ['lost', { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }],
  ['lost', { errno: 1927, sqlState: '70100' }],
  ['refused', { errno: 1047, sqlState: '08S01' }],
  ['conflict', { errno: 1213, sqlState: '40001' }],
  ['unsure', { errno: 1180, sqlState: 'HY000' }],
  ['read-only', { errno: 1290, sqlState: 'HY000', message: 'The MariaDB server is running with the --read-only option' }],
  ['statement', { errno: 1290, sqlState: 'HY000', message: 'The MariaDB server is running with the --secure-file-priv option' }],
  ['statement', { errno: 1062, sqlState: '23000' }],
  ['statement', { errno: 1205, sqlState: 'HY000' }],
])('%s: %j', (failure, error) => expect(failureOf(Object.assign(new Error(), error))).toBe(failure))
