import type { EventEmitter } from 'node:events'
import { afterEach, expect, test, vi } from 'vitest'
import { GaleraPool } from '../../../src/client/facade/pool.ts'
import type { GaleraConnection } from '../../../src/client/facade/connection.ts'
import { runTransaction } from '../../../src/client/facade/run-transaction.ts'
import { resolveOptions } from '../../../src/client/options.ts'

const pools: GaleraPool[] = []

/** Nobody listens there. */
function poolToNobody(): GaleraPool {
  const pool = new GaleraPool(resolveOptions({ nodes: ['127.0.0.1:1'], connectionLimit: 1, failoverTimeout: 100 }))
  pools.push(pool)
  return pool
}

afterEach(() => {
  for (const pool of pools.splice(0)) pool.end()
})

/** What callers of JavaScript may call, in any way. */
type Callable = Readonly<Record<'query' | 'execute', (...given: readonly unknown[]) => EventEmitter>>

test.each([undefined, null, 5, { values: [] }, { sql: undefined }, { sql: 5 }])('SQL that is no string (%s) is told as an error, and nothing is kept for it', async (sql) => {
  const pool = poolToNobody()
  const connection = pool.open()
  for (const core of [pool, connection]) {
    const [target, promises] = [core, core.promise()] as unknown as readonly [Callable, Readonly<Record<'query' | 'execute', (sql: unknown) => Promise<unknown>>>]
    for (const how of ['query', 'execute'] as const) {
      const errors = [
        await new Promise((told) => target[how](sql, told)),
        await new Promise((told) => target[how](sql, [], told)),
        await new Promise((told) => target[how](sql).on('error', told)),
        await promises[how](sql).catch((error: unknown) => error),
      ]
      for (const error of errors) expect(error).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/^The SQL must be a string, not \w+\.$/) })
    }
  }
  connection.release()
  await new Promise<unknown>((done) => pool.end(done))
})

test('what happens is told to those who listen to a promise pool, and only they are kept', () => {
  const pool = poolToNobody()
  const told = vi.fn()
  const EVENTS = ['node', 'failover', 'replay', 'outcome']
  const quiet = EVENTS.map((event) => pool.listenerCount(event))
  const promises = pool.promise() as unknown as EventEmitter
  for (const event of EVENTS) promises.on(event, (what) => told(event, what))
  for (let n = 0; n < 20; n++) pool.promise()
  for (const event of EVENTS) {
    const gone = () => told('gone')
    promises.on(event, gone).off(event, gone)
  }
  expect(EVENTS.map((event, at) => pool.listenerCount(event) - (quiet[at] as number))).toEqual([1, 1, 1, 1])
  for (const event of EVENTS) pool.emit(event, `of ${event}`)
  expect(told.mock.calls).toEqual(EVENTS.map((event) => [event, `of ${event}`]))
})

test('a transaction that throws tells why, also where its ROLLBACK fails', async () => {
  const release = vi.fn()
  const promise = () => ({ beginTransaction: async () => undefined, commit: async () => undefined, rollback: () => Promise.reject(new Error('the connection was destroyed')) })
  const core = { configure: () => undefined, promise, release } as unknown as GaleraConnection
  const work = runTransaction(async () => core, () => Promise.reject(new Error('changed my mind')), {})
  await expect(work).rejects.toThrow('changed my mind')
  expect(release).toHaveBeenCalledOnce()
})

test('what mysql2 would do on a connection of its own, a promise connection does on ours', async () => {
  const pool = poolToNobody()
  const connection = await pool.promise().getConnection()
  const own = connection as unknown as { close: () => void; pause: () => void; resume: () => void }
  own.pause()
  own.resume()
  connection.unprepare('SELECT 1')
  expect([connection.format('SELECT ?', ["it's"]), connection.escape(null), connection.escapeId('a')]).toEqual(["SELECT 'it\\'s'", 'NULL', '`a`'])
  own.close()
  // Its place is free.
  const next = await pool.promise().getConnection()
  next.release()
})

test('a command that calls back tells its text', () => {
  const pool = poolToNobody()
  const command = (pool as unknown as Callable).query('SELECT ?', [5], () => undefined)
  expect(command).toMatchObject({ sql: 'SELECT 5' })
})
