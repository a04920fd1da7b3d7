import { describe, expect, test } from 'vitest'
import type { GaleraPromiseConnection } from '../../../../src/client/index.ts'
import type { ClientPlace } from '../place.ts'
import { cutOff } from '../calls.ts'

/** Closures whose transaction was committed in part, by a procedure. */
export function unknownOutcomes(place: ClientPlace): void {
  const { pool, on } = place

  describe('a transaction that has committed something by itself is not run again', () => {
    const paid = () => Number(on(0, `SET wsrep_sync_wait=1; SELECT COUNT(*) FROM ${place.account().database}.t WHERE n = 9`))
    const pay = async (then: (connection: GaleraPromiseConnection) => Promise<unknown>) => {
      const one = pool()
      await one.query('DROP PROCEDURE IF EXISTS pay')
      await one.query('CREATE PROCEDURE pay() BEGIN INSERT INTO t (n) VALUES (9); COMMIT; START TRANSACTION; UPDATE t SET n = n + 1 WHERE id = 1; END')
      const outcome = one.transaction(async (connection) => {
        await connection.query('CALL pay()')
        await then(connection)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'GALERA_UNKNOWN_OUTCOME', errno: undefined, sqlState: undefined })
      expect(paid()).toBe(1)
    }

    test('after a conflict', () =>
      pay(async (connection) => {
        on(1, `UPDATE ${place.account().database}.t SET n = n + 10 WHERE id = 1`)
        for (let turn = 0; turn < 1_000; turn++) await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
      }))

    test('after a lost connection, also where the closure has swallowed that', () =>
      pay(async (connection) => {
        await cutOff(place, connection)
        await connection.query('UPDATE t SET n = 3').catch(() => undefined)
        await connection.query('UPDATE t SET n = 3').catch(() => undefined)
      }))
  })
}
