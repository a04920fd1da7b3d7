import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { inTransaction, nOf, row } from '../calls.ts'

/** Transactions that another node was faster than. */
export function conflicts(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)

  describe('a conflict with another node', () => {
    const meet = () => on(1, `UPDATE ${place.account().database}.t SET n = n + 10 WHERE id = 1`)

    test('at COMMIT, or before: the transaction is done again', async () => {
      const one = pool()
      await inTransaction(one, async (connection) => {
        await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
        meet()
        await connection.commit()
      })
      expect(n()).toBe(11)
      expect(one.counters.conflicts).toBeGreaterThan(0)
    })

    test('that the application swallows: COMMIT is refused, and so is all else before ROLLBACK', () =>
      inTransaction(pool({ replay: false }), async (connection) => {
        await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
        meet()
        await expect.poll(() => connection.query('SELECT 1').then(() => 'runs', () => 'failed')).toBe('failed')
        await expect(connection.query('UPDATE t SET n = 99')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
        await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
        await connection.rollback()
        expect(n()).toBe(10)
      }))

    test('the limit that the application has set for a statement is told when it is reached, and nothing is repeated', async () => {
      const one = pool({ exactlyOnce: true })
      await one.createTokenTable()
      const limited = { sql: 'UPDATE t SET n = 2 WHERE id = 1', timeout: 300 }
      let runs = 0
      await inTransaction(pool(), async (holder) => {
        await holder.query('UPDATE t SET n = 1 WHERE id = 1')
        await expect(one.query(limited)).rejects.toMatchObject({ code: 'GALERA_TIMEOUT' })
        const again = one.transaction(async (connection) => {
          runs++
          await connection.query(limited)
        })
        await expect(again).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      })
      expect([runs, one.counters.replays, n()]).toEqual([1, 0, 0])
    })

    test('a hot row that three pools write to, each on a node of its own, adds up exactly', async () => {
      const pools = [0, 1, 2].map((at) => pool({ nodes: [place.node(at).address] }))
      await Promise.all(pools.flatMap((one) => Array.from({ length: 4 }, async () => {
        for (let turn = 0; turn < 10; turn++) {
          await one.transaction(async (connection) => {
            const found = row<{ n: number }>(await connection.query('SELECT n FROM t WHERE id = 1 FOR UPDATE'))
            await connection.query('UPDATE t SET n = ? WHERE id = 1', [found.n + 1])
          }, { retries: 100 })
        }
      })))
      expect([0, 1, 2].map(n)).toEqual([120, 120, 120])
    })
  })
}
