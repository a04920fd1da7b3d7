import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { cutOff, inTransaction, nOf, row } from '../calls.ts'

/** Connections that are lost in the middle of a transaction. */
export function lostConnections(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)

  describe('a transaction whose connection is lost', () => {
    test('is done again, and committed once', () =>
      inTransaction(pool(), async (connection) => {
        await connection.query('UPDATE t SET n = n + 1 WHERE id = ?', [1])
        await cutOff(place, connection)
        expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 1 })
        await cutOff(place, connection)
        await connection.commit()
        expect(n()).toBe(1)
      }))

    test('where another has changed a row that it read meanwhile, it fails, and nothing is committed', () =>
      inTransaction(pool(), async (connection) => {
        expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
        await connection.query('INSERT INTO t (n) VALUES (5)')
        await cutOff(place, connection)
        on(1, `UPDATE ${place.account().database}.t SET n = 7 WHERE id = 1`)
        expect(n()).toBe(7)
        await expect(connection.query('UPDATE t SET n = n + 1')).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH', message: expect.stringContaining('SELECT n FROM t WHERE id = 1') })
        // What follows belongs to what was rolled back.
        await expect(connection.query('UPDATE t SET n = 100')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
        await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
        await connection.rollback()
        expect(row(await connection.query('SELECT COUNT(*) AS count, MAX(n) AS n FROM t FOR UPDATE'))).toEqual({ count: 2, n: 7 })
      }))

    test('a row keeps the id that it was given; ids of several rows can not be kept', async () => {
      const id = await inTransaction(pool(), async (connection) => {
        const [{ insertId }] = (await connection.execute('INSERT INTO t (n) VALUES (?)', [5])) as unknown as [{ insertId: number }]
        await cutOff(place, connection)
        on(1, `INSERT INTO ${place.account().database}.t (n) VALUES (6)`)
        await connection.commit()
        return insertId
      })
      expect(on(0, `SELECT n FROM ${place.account().database}.t WHERE id = ${id}`)).toBe('5')
      await inTransaction(pool({ nodes: [place.node(1).address, place.node(2).address] }), async (connection) => {
        await connection.query('INSERT INTO t (n) VALUES (1), (2), (3)')
        await cutOff(place, connection, 1)
        on(0, `INSERT INTO ${place.account().database}.t (n) VALUES (6)`)
        await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH' })
      })
    })

    test('NOW() says the same again; what says something new each time is refused', async () => {
      await inTransaction(pool(), async (connection) => {
        const before = row(await connection.query('SELECT NOW(6) AS at'))
        await connection.execute('INSERT INTO t (n, at) SELECT 9, NOW(6) RETURNING at')
        await cutOff(place, connection)
        await connection.commit()
        expect(before).toEqual({ at: expect.any(Date) })
      })
      await inTransaction(pool(), async (connection) => {
        await connection.query('SELECT UUID()')
        await cutOff(place, connection)
        await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH' })
      })
    })

    test('beyond the limits of its history it is not repeated', () =>
      inTransaction(pool({ historyLimit: 2 }), async (connection) => {
        for (let id = 1; id <= 3; id++) await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
        await cutOff(place, connection)
        await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK', message: expect.stringContaining('historyLimit') })
        expect(n()).toBe(0)
      }))

    test('errors that the application was told are told again', () =>
      inTransaction(pool(), async (connection) => {
        await expect(connection.query('INSERT INTO t (id) VALUES (1)')).rejects.toMatchObject({ errno: 1062 })
        await connection.query('UPDATE t SET n = 3 WHERE id = 1')
        await cutOff(place, connection)
        await connection.commit()
        expect(n()).toBe(3)
      }))

    test('values that were changed since are sent as they were', () =>
      inTransaction(pool(), async (connection) => {
        const value = Buffer.from('3')
        const values = [value]
        await connection.execute('UPDATE t SET n = ? WHERE id = 1', values)
        value.write('8')
        values.push(value)
        await cutOff(place, connection)
        await connection.commit()
        expect(n()).toBe(3)
      }))
  })
}
