import { afterEach, expect, test, vi } from 'vitest'
import { driverModule } from '../../../src/client/driver-module.ts'
import type { GaleraConnection } from '../../../src/client/facade/connection.ts'
import { GaleraPool } from '../../../src/client/facade/pool.ts'
import type { GaleraPoolOptions } from '../../../src/client/options.ts'

type TypeCast = NonNullable<GaleraPoolOptions['typeCast']>

const NODES = { nodes: ['127.0.0.1:1'] }
const CASTS: readonly [TypeCast, TypeCast] = [() => 1, () => 2]

afterEach(() => void vi.restoreAllMocks())

/** Of a connection: what it sends as typeCast with a statement of each kind, and with one that has its own. */
function sentBy(connection: GaleraConnection): readonly unknown[] {
  const sent: unknown[] = []
  vi.spyOn(connection.session, 'runNow').mockImplementation(({ options }) => sent.push(options.typeCast) > 0)
  const done = () => undefined
  connection.query('SELECT 1', done)
  connection.query({ sql: 'SELECT 1', values: [], typeCast: undefined } as never, done)
  connection.execute('SELECT 1', [5], done)
  connection.query('UPDATE t SET a = 1')
  connection.query({ sql: 'SELECT 1', typeCast: false }, done)
  return sent
}

test('connections with the same options are of one pool, and each reads values in its own way', () => {
  const open = vi.spyOn(GaleraPool.prototype, 'open')
  const driver = driverModule(NODES)
  const connections = [...CASTS, undefined].map((typeCast) => driver.createConnection(typeCast === undefined ? {} : { typeCast }) as unknown as GaleraConnection)
  driver.createConnection({ user: 'other' })
  const [one, two, three, other] = open.mock.contexts
  expect([one === two, one === three, one === other]).toEqual([true, true, false])
  expect(connections.map(({ config }) => config.typeCast)).toEqual([...CASTS, undefined])
  expect(connections.map(sentBy)).toEqual([...CASTS, undefined].map((own) => [own, own, own, own, false]))
  driver.end()
})

test('connections that write values in another way are of another pool', () => {
  const open = vi.spyOn(GaleraPool.prototype, 'open')
  const driver = driverModule(NODES)
  for (const queryFormat of [() => 'a', () => 'b']) driver.createConnection({ queryFormat })
  const [one, other] = open.mock.contexts
  expect(one).not.toBe(other)
  driver.end()
})

test('how the driver was told to read values is how all of its connections do', () => {
  const driver = driverModule({ ...NODES, typeCast: CASTS[0] })
  const connection = driver.createConnection({ typeCast: CASTS[1] }) as unknown as GaleraConnection
  expect([connection.config.typeCast, sentBy(connection)[0]]).toEqual([CASTS[0], undefined])
  driver.end()
})
