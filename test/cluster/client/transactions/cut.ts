import { describe, expect, test } from 'vitest'
import { type Cut, makeCuttingProxy } from '../../../support/cutting-proxy.ts'
import type { ClientPlace } from '../place.ts'
import { inTransaction, nOf, row } from '../calls.ts'

/** The wire is cut at a statement, so that nobody knows whether the server got it. */
export function cutWire(place: ClientPlace): void {
  const { pool } = place
  const n = nOf(place)

  describe.each<Cut>(['before', 'after'])('the wire is cut %s the server has got it:', (when) => {
    async function through(options: object, work: (pool: ReturnType<ClientPlace['pool']>, cutAt: (statement: string) => void) => Promise<void>): Promise<void> {
      await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
      const one = pool({ nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address], ...options })
      await expect.poll(() => one.nodes().map(({ state }) => state)).toEqual(['synced', 'synced'])
      await work(one, (statement) => proxy.cutAt(statement, when))
    }

    test('COMMIT with a token: the verdict is what all nodes have, and it is applied once', () =>
      through({ exactlyOnce: true }, async (one, cutAt) => {
        await one.createTokenTable()
        await inTransaction(one, async (connection) => {
          await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
          cutAt('COMMIT')
          await connection.commit()
        })
        expect([0, 1, 2].map(n)).toEqual([1, 1, 1])
        expect(one.counters.resolvedCommits).toBe(1)
      }))

    test('COMMIT without: told as unknown, and never sent again', () =>
      through({}, async (one, cutAt) => {
        await inTransaction(one, async (connection) => {
          await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
          cutAt('COMMIT')
          await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_UNKNOWN_OUTCOME' })
        })
        await expect.poll(() => n()).toBe(when === 'before' ? 0 : 1)
      }))

    test('a write of its own: told as unknown, moved by one at most; with a token it is applied once', async () => {
      const sql = 'UPDATE t SET n = n + 1 WHERE id = 1'
      await through({}, async (one, cutAt) => {
        cutAt(sql)
        await expect(one.query(sql)).rejects.toMatchObject({ code: 'GALERA_UNKNOWN_OUTCOME' })
      })
      await expect.poll(() => n()).toBe(when === 'before' ? 0 : 1)
      const before = n()
      await through({ exactlyOnce: true }, async (one, cutAt) => {
        await one.createTokenTable()
        cutAt(sql)
        await one.query(sql)
        cutAt('COMMIT')
        await one.query(sql)
        // Ids of several rows differ the second time; nobody was told of the first.
        cutAt('COMMIT')
        await one.query('INSERT INTO t (n) VALUES (1), (2)')
      })
      expect(n()).toBe(before + 2)
      expect(place.on(0, `SET wsrep_sync_wait=1; SELECT COUNT(*) FROM ${place.account().database}.t`)).toBe('4')
    })

    test('a second time while the transaction is done again: it is done once more', () =>
      through({}, async (one, cutAt) => {
        await inTransaction(one, async (connection) => {
          await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
          one.core.once('replay', () => cutAt('UPDATE t SET n = n + 1 WHERE id = 1'))
          cutAt('SELECT n FROM t WHERE id = 1')
          expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 1 })
          await connection.commit()
        })
        expect(one.counters.replays).toBe(2)
        expect(n()).toBe(1)
      }))

    test('the closure of a transaction is run again, and committed once', () =>
      through({}, async (one, cutAt) => {
        let runs = 0
        await one.transaction(async (connection) => {
          await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
          if (++runs === 1) cutAt('SELECT 1')
          if (runs < 3) await connection.query('SELECT 1')
          if (runs === 1) throw new Error('not reached')
          if (runs === 2) cutAt('COMMIT')
        }, { exactlyOnce: true })
        expect(n()).toBe(1)
      }))
  })
}
