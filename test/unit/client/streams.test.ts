import type { Query } from 'mysql2'
import { expect, test, vi } from 'vitest'
import { Activity } from '../../../src/client/activity.ts'
import { GaleraConnection } from '../../../src/client/facade/connection.ts'
import { commandFor } from '../../../src/client/facade/driver.ts'
import { sendCommand } from '../../../src/client/facade/streamed.ts'
import type { Taken } from '../../../src/client/nodes/cluster.ts'
import type { Answer, Work } from '../../../src/client/nodes/link.ts'
import type { Session } from '../../../src/client/session/session.ts'

const HEADER = { fieldCount: 0, affectedRows: 1 }
const [A, B] = [{ name: 'a' }, { name: 'b' }]

/** A connection whose session answers so. */
function connectionTo(answer: unknown): { readonly connection: GaleraConnection; readonly streamed: ReturnType<typeof vi.fn> } {
  const streamed = vi.fn(async () => undefined)
  const session = { runNow: () => false, run: async () => answer as Answer, stream: streamed, release: () => undefined }
  return { connection: new GaleraConnection(session as unknown as Session, {}, new Activity(), () => undefined), streamed }
}

/** What is told of a stream, to its end. */
function toldOf(command: Query): Promise<readonly unknown[]> {
  const told: unknown[] = []
  command.on('fields', (...of: unknown[]) => told.push(['fields', ...of]))
  command.on('result', (...of: unknown[]) => told.push(['result', ...of]))
  return new Promise((done) => command.once('end', () => done(told)))
}

test('only what is surely a read goes row by row: all else is watched as it is without a stream', () => {
  const { connection, streamed } = connectionTo({ rows: [], fields: [] })
  for (const sql of ['UPDATE t SET a = 1', 'SELECT a FROM t FOR UPDATE', 'SELECT @a', "SELECT GET_LOCK('a', 1)", 'CREATE TEMPORARY TABLE t (a INT)', 'BEGIN', 'CALL p()', 'SELECT LAST_INSERT_ID()']) connection.query(sql)
  expect(streamed).not.toHaveBeenCalled()
  connection.query('SELECT 1')
  expect(streamed).toHaveBeenCalledOnce()
})

test.each([
  ['a header', HEADER, undefined, [['fields', undefined, 0], ['result', HEADER, 0]]],
  ['rows', [{ a: 1 }, { a: 2 }], [A], [['fields', [A], 0], ['result', { a: 1 }, 0], ['result', { a: 2 }, 0]]],
  ['rows that are arrays', [[1], [2]], [A], [['fields', [A], 0], ['result', [1], 0], ['result', [2], 0]]],
  ['several results', [[{ a: 1 }, { a: 2 }], [{ b: 3 }], HEADER], [[A], [B], undefined], [['fields', [A], 0], ['result', { a: 1 }, 0], ['result', { a: 2 }, 0], ['fields', [B], 1], ['result', { b: 3 }, 1], ['fields', undefined, 2], ['result', HEADER, 2]]],
  ['several headers', [HEADER, HEADER], [undefined, undefined], [['fields', undefined, 0], ['result', HEADER, 0], ['fields', undefined, 1], ['result', HEADER, 1]]],
])('%s: a stream of what was answered as a whole is told as mysql2 tells it', async (_, rows, fields, told) => {
  expect(await toldOf(connectionTo({ rows, fields }).connection.query('CALL p()') as Query)).toEqual(told)
})

/** A stream over a link, and how it ended. */
async function ended(sending: (command: Query) => void, work: Work = { protocol: 'query', options: { sql: 'SELECT 1' } }): Promise<{ readonly killed: unknown; readonly error: Error | null }> {
  const command = commandFor(work, {})
  let killed: unknown = null
  const link = { connection: { query: sending, execute: () => sending(command) }, onDead: () => () => undefined, kill: (reason: Error) => (killed = reason) }
  const error = await sendCommand(command, { link } as unknown as Taken, work)
  return { killed, error }
}

test.each([
  ['a timeout', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }, true],
  ['a typeCast that throws', {}, true],
  ['an answer of the server', { errno: 1317, sqlState: '70100' }, false],
])('a stream that fails by %s: where rows may still come its connection is not used again', async (_, more, kills) => {
  const failure = Object.assign(new Error('failed'), more)
  expect(await ended((command) => process.nextTick(() => command.emit('error', failure)))).toEqual({ killed: kills ? failure : null, error: failure })
})

test('a stream that ends well, or was never sent, leaves its connection as it is', async () => {
  expect(await ended((command) => process.nextTick(() => command.emit('end')))).toEqual({ killed: null, error: null })
  const unfit = new TypeError('values that can not be bound')
  const throws = () => {
    throw unfit
  }
  expect(await ended(throws, { protocol: 'execute', options: { sql: 'SELECT ?' } })).toEqual({ killed: null, error: unfit })
})
