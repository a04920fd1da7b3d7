import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { row } from '../calls.ts'

/** Calls of one connection, and the end of a pool. */
export function orderAndEnd(place: ClientPlace): void {
  const { pool } = place

  test('after its end a pool has left nothing', async () => {
    const one = pool()
    await Promise.all(Array.from({ length: 20 }, () => one.query('SELECT SLEEP(0.01)')))
    const connection = await createConnection({ host: place.node(0).address, ...place.account() })
    const others = async () => Number(row<{ count: number }>(await connection.query('SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE USER = ? AND ID != CONNECTION_ID()', [place.account().user])).count)
    const before = await others()
    await one.end()
    await expect.poll(others).toBeLessThan(before)
    await expect(one.query('SELECT 1')).rejects.toThrow('Pool is closed')
    await connection.end()
  })

  test('statements of one connection run in the order of their calls, also where nobody waits for them', async () => {
    const connection = await pool().getConnection()
    await connection.query('SELECT 1 FROM t')
    const calls = [connection.query('SELECT n FROM t WHERE id = 1'), connection.beginTransaction(), connection.query('UPDATE t SET n = 1 WHERE id = 1'), connection.query('SELECT n FROM t WHERE id = 1'), connection.query('UPDATE t SET n = n * 10 + 2 WHERE id = 1'), connection.query('UPDATE t SET n = n * 10 + 3 WHERE id = 1'), connection.commit(), connection.query('SELECT n FROM t WHERE id = 1')]
    const answers = await Promise.all(calls)
    expect([0, 3, 7].map((at) => row(answers[at] as never))).toEqual([{ n: 0 }, { n: 1 }, { n: 123 }])
    connection.release()
  })
}
