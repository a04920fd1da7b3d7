import { describe, expect, test } from 'vitest'
import { makeCuttingProxy } from '../../../support/cutting-proxy.ts'
import type { ClientPlace } from '../place.ts'
import { cutOff, inTransaction, nOf, row } from '../calls.ts'

/** What is begun and ended in other ways than by BEGIN and COMMIT. */
export function agreement(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)

  describe('the application and the server agree on what is a transaction', () => {
    const count = () => Number(on(0, `SET wsrep_sync_wait=1; SELECT COUNT(*) FROM ${place.account().database}.t`))

    test('begun within a text of several statements, it is ended by COMMIT and by ROLLBACK', async () => {
      const one = pool({ multipleStatements: true })
      const connection = await one.getConnection()
      await connection.query('BEGIN; INSERT INTO t (n) VALUES (1)')
      await connection.rollback()
      expect(count()).toBe(2)
      await connection.query('SET autocommit = 0, sql_mode = @@sql_mode')
      await connection.query('INSERT INTO t (n) VALUES (1)')
      await connection.commit()
      await connection.query('INSERT INTO t (n) VALUES (1)')
      connection.release()
      expect(count()).toBe(3)
    })

    test("begun by a command that nobody waits for, it is not the next user's", async () => {
      const one = pool({ connectionLimit: 1 })
      const connection = await one.getConnection()
      const core = (connection as unknown as { connection: { query: (sql: string) => unknown } }).connection
      core.query('START TRANSACTION')
      core.query('INSERT INTO t (n) VALUES (1)')
      await connection.rollback()
      connection.release()
      await one.query('INSERT INTO t (n) VALUES (2)')
      expect(count()).toBe(3)
    })

    test("SET autocommit = 1 in it ends nothing; a lock that was taken in it is not the next user's", async () => {
      const one = pool({ connectionLimit: 1 })
      const connection = await one.getConnection()
      await connection.beginTransaction()
      await connection.query('INSERT INTO t (n) VALUES (1)')
      await connection.query('SET autocommit = 1')
      await connection.query("SELECT GET_LOCK('mine', 1)")
      await connection.rollback()
      connection.release()
      expect(count()).toBe(2)
      await expect.poll(() => on(0, "SELECT IS_FREE_LOCK('mine')")).toBe('1')
    })

    test('a prepared statement and a stream are of it, also where the connection is lost', async () => {
      const connection = await pool().getConnection()
      await connection.beginTransaction()
      const prepared = await connection.prepare('INSERT INTO t (n) VALUES (?)')
      await prepared.execute([5])
      await cutOff(place, connection)
      await connection.commit()
      expect(count()).toBe(3)
      await connection.beginTransaction()
      const { connection: core } = connection as unknown as { connection: Record<'query' | 'execute', (sql: string, values?: unknown[]) => { stream: () => AsyncIterable<unknown> }> }
      for await (const one of core.query('SELECT n FROM t WHERE id = 1 FOR UPDATE').stream()) expect(one).toEqual({ n: 0 })
      for await (const one of core.execute('SELECT n FROM t WHERE id = ?', [1]).stream()) expect(one).toEqual({ n: 0 })
      await cutOff(place, connection)
      await expect(connection.query('UPDATE t SET n = 1')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      connection.release()
    })

    test('what fails before BEGIN was sent opens nothing', async () => {
      const connection = await pool().getConnection()
      await connection.query('SET TRANSACTION ISOLATION LEVEL NONSENSE')
      await connection.beginTransaction()
      for (const value of [1, 2]) await expect(connection.query('INSERT INTO t (n) VALUES (?)', [value])).rejects.toMatchObject({ errno: 1064 })
      await connection.rollback()
      expect(count()).toBe(2)
      connection.release()
    })

    test("an id that the application gave is nobody else's after a repetition", () =>
      inTransaction(pool(), async (connection) => {
        await connection.query('INSERT INTO t (id, n) VALUES (1000, 1)')
        await cutOff(place, connection)
        await connection.commit()
        await connection.query('DELETE FROM t WHERE id = 1000')
        const [{ insertId }] = (await connection.query('INSERT INTO t (n) VALUES (2)')) as unknown as [{ insertId: number }]
        expect(insertId).toBeGreaterThan(1000)
      }))

    test("LAST_INSERT_ID() of a connection that is gone is told as lost, not as a stranger's", async () => {
      const connection = await pool().getConnection()
      await connection.query('INSERT INTO t (n) VALUES (1)')
      await cutOff(place, connection)
      await expect(connection.query('INSERT INTO t (n) VALUES (LAST_INSERT_ID())')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      connection.release()
    })

    test('after a COMMIT whose outcome is unknown, whoever looks sees it', async () => {
      await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
      const one = pool({ nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address] })
      await expect.poll(() => one.nodes().map(({ state }) => state)).toEqual(['synced', 'synced'])
      const connection = await one.getConnection()
      await connection.beginTransaction()
      await connection.query('UPDATE t SET n = 5 WHERE id = 1')
      proxy.cutAt('COMMIT', 'after')
      await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_UNKNOWN_OUTCOME' })
      connection.release()
      expect(row(await one.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 5 })
      expect(one.counters.causalWaits).toBe(1)
    })

    test('the token is in the same table whatever database the session uses', async () => {
      await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
      const { database, user } = place.account()
      const one = pool({ exactlyOnce: true, nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address] })
      await one.createTokenTable()
      on(0, `CREATE DATABASE IF NOT EXISTS other; GRANT ALL ON other.* TO ${user}@'%'; CREATE OR REPLACE TABLE other.galeractl_commits LIKE ${database}.galeractl_commits`)
      const connection = await one.getConnection()
      await connection.query('USE other')
      await connection.beginTransaction()
      await connection.query(`UPDATE ${database}.t SET n = n + 1 WHERE id = 1`)
      proxy.cutAt('COMMIT', 'after')
      await connection.commit()
      connection.release()
      expect([n(), one.counters.resolvedCommits]).toEqual([1, 1])
    })
  })
}
