import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { inTransaction, nOf, row } from '../calls.ts'

/** Transactions that begin on another node than the writer. */
export function optimisticTransactions(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)

  describe('optimistic transactions', () => {
    test('read elsewhere, and move to the writer with the first write', () =>
      inTransaction(pool({ optimisticTransactions: true }), async (connection) => {
        const name = async () => row<{ name: string }>(await connection.query('SELECT @@wsrep_node_name AS name')).name
        expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
        await connection.query('UPDATE t SET n = 5 WHERE id = 1')
        expect(await name()).toBe('n1')
        await connection.commit()
        expect(n()).toBe(5)
      }))

    test('what was read has changed until then: it fails', () =>
      inTransaction(pool({ optimisticTransactions: true }), async (connection) => {
        await connection.query('SELECT n FROM t WHERE id = 1')
        on(0, `UPDATE ${place.account().database}.t SET n = 3 WHERE id = 1`)
        await expect(connection.query('UPDATE t SET n = n + 1')).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH' })
      }))
  })
}
