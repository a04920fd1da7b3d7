import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { makeCuttingProxy } from '../../../support/cutting-proxy.ts'
import { cutOff, nOf, row } from '../calls.ts'

/** What belongs to one connection of the server. */
export function sessionState(place: ClientPlace): void {
  const { pool } = place
  const n = nOf(place)

  describe('what only one connection has', () => {
    test('settings go along to another node', async () => {
      const connection = await pool().getConnection()
      await connection.query("SET time_zone = '+05:00'")
      await connection.query('UPDATE t SET n = 1 WHERE id = 1')
      await cutOff(place, connection)
      expect(row(await connection.query('SELECT @@time_zone AS zone FROM t LIMIT 1'))).toEqual({ zone: '+05:00' })
      await connection.query('UPDATE t SET n = 2 WHERE id = 1')
      expect(row(await connection.query('SELECT @@time_zone AS zone, n FROM t WHERE id = 1 FOR UPDATE'))).toEqual({ zone: '+05:00', n: 2 })
      connection.release()
    })

    test('the next user of a connection finds none of it', async () => {
      const one = pool({ connectionLimit: 1 })
      const connection = await one.getConnection()
      await connection.query("SET time_zone = '+05:00'")
      await connection.query('CREATE TEMPORARY TABLE x (a INT)')
      await connection.query('SET @a = 5')
      connection.release()
      expect(row(await one.query('SELECT @@time_zone AS zone FROM t LIMIT 1'))).toEqual({ zone: 'SYSTEM' })
      expect(row(await one.query('SELECT @a AS a'))).toEqual({ a: null })
      await expect(one.query('INSERT INTO x VALUES (1)')).rejects.toMatchObject({ errno: 1146 })
    })

    test.each([
      ['a temporary table', 'CREATE TEMPORARY TABLE x SELECT 5 AS a', 'SELECT a FROM x'],
      ['a user variable', 'SET @a = 5', 'SELECT @a AS a'],
      ['a lock', "SELECT GET_LOCK('x', 1) AS a", "SELECT IF(IS_USED_LOCK('x') = CONNECTION_ID(), 5, 0) AS a"],
      ['locked tables', 'LOCK TABLES t WRITE', 'SELECT n + 5 AS a FROM t WHERE id = 1'],
    ])('%s is found again, and if it is lost that is told', async (_what, make, look) => {
      const connection = await pool().getConnection()
      await connection.query('SELECT 1 FROM t')
      await connection.query(make)
      expect(row(await connection.query(look))).toEqual({ a: 5 })
      await cutOff(place, connection)
      await expect.poll(() => connection.query(look).then(() => null, ({ code }: { code: string }) => code)).toBe('GALERA_LOST_SESSION')
      connection.release()
    })

    test('settings among several statements are found again, and if they are lost that is told', async () => {
      const connection = await pool({ multipleStatements: true }).getConnection()
      const look = 'SELECT @@time_zone AS zone FROM t LIMIT 1'
      await connection.query('SELECT 1 FROM t')
      await connection.query("SET time_zone = '+05:00'; SET NAMES utf8mb4")
      expect(row(await connection.query(look))).toEqual({ zone: '+05:00' })
      await cutOff(place, connection)
      await expect(connection.query(look)).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      connection.release()
    })

    test('a temporary table of a procedure is found again in its transaction, and outside of it where reads go to the writer', async () => {
      const connection = await pool().getConnection()
      await connection.query('CREATE OR REPLACE PROCEDURE make_left_behind() CREATE OR REPLACE TEMPORARY TABLE left_behind SELECT 5 AS a')
      await connection.beginTransaction()
      await connection.query('CALL make_left_behind()')
      expect(row(await connection.query('SELECT a FROM left_behind'))).toEqual({ a: 5 })
      await connection.commit()
      connection.configure({ splitReads: false })
      await connection.query('CALL make_left_behind()')
      expect(row(await connection.query('SELECT a FROM left_behind'))).toEqual({ a: 5 })
      connection.release()
    })

    test('a pinned session writes exactly once, and repeats what another was faster than', async () => {
      await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
      const nodes = [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address]
      const one = pool({ exactlyOnce: true, nodes })
      await one.createTokenTable()
      const connection = await one.getConnection()
      await connection.query('SET @a = 1')
      proxy.cutAt('COMMIT', 'after')
      await connection.query('UPDATE t SET n = 5 WHERE id = 1')
      expect([one.counters.resolvedCommits, row(await one.query('SELECT n FROM t WHERE id = 1'))]).toEqual([1, { n: 5 }])
      connection.release()
      const [pinned, other] = [await pool({ replays: 1_000 }).getConnection(), pool({ nodes: [place.node(1).address], replays: 1_000 })]
      await pinned.query('SET @a = 1')
      await pinned.query('SET wsrep_retry_autocommit = 0')
      const add = (to: typeof pinned | typeof other) => Promise.all(Array.from({ length: 200 }, () => to.query('UPDATE t SET n = n + 1 WHERE id = 1')))
      await Promise.all([add(pinned), add(other)])
      expect(n()).toBe(405)
      pinned.release()
    })

    test('DROP PREPARE commits nothing', async () => {
      const connection = await pool().getConnection()
      await connection.beginTransaction()
      for (const sql of ['UPDATE t SET n = 5 WHERE id = 1', "PREPARE s FROM 'SELECT 1'", 'DROP PREPARE s', 'ROLLBACK']) await connection.query(sql)
      expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
      connection.release()
    })

    test('autocommit that is set by its name as a value is not taken for on', async () => {
      const connection = await pool().getConnection()
      await connection.query('SET SESSION ?? = ?', ['autocommit', 0])
      await connection.query('UPDATE t SET n = 5 WHERE id = 1')
      await connection.query('COMMIT')
      connection.release()
      expect(Number(place.on(0, `SELECT n FROM ${place.account().database}.t WHERE id = 1`))).toBe(5)
    })

    test('how the statement before went is not asked of a connection that does not know it', async () => {
      const connection = await pool().getConnection()
      await connection.query('SELECT SQL_CALC_FOUND_ROWS id FROM t LIMIT 1')
      const at = { n1: 0, n2: 1, n3: 2 }[row<{ name: 'n1' | 'n2' | 'n3' }>(await connection.query('SELECT @@wsrep_node_name AS name FROM t LIMIT 1')).name]
      await cutOff(place, connection, at)
      for (const sql of ['SELECT FOUND_ROWS() AS n', 'SHOW WARNINGS']) await expect(connection.query(sql)).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      expect(row(await connection.query('SELECT DATABASE() AS name'))).toEqual({ name: place.account().database })
      await expect(connection.query({ sql: 'SELECT DATABASE(), SLEEP(2)', timeout: 100 })).rejects.toMatchObject({ code: 'GALERA_TIMEOUT' })
      await expect(connection.query('SHOW WARNINGS')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      connection.release()
    })

    test('KILL, as the first statement, goes to the node of the connection whose threadId was told', async () => {
      const one = pool()
      const [running, other] = await Promise.all([one.getConnection(), one.getConnection()])
      const answer = expect(running.query('SELECT COUNT(*) FROM seq_1_to_1000000 a JOIN seq_1_to_1000000 b ON a.seq + b.seq = 1')).rejects.toMatchObject({ errno: 1317 })
      await expect.poll(() => running.threadId).not.toBeNull()
      await expect(other.query('KILL QUERY 999999')).rejects.toThrow('KILL names a connection of one node')
      await other.query('KILL QUERY ?', [running.threadId])
      await answer
      for (const connection of [running, other]) connection.release()
    })

    test('LAST_INSERT_ID() and SHOW WARNINGS are of the statement before', async () => {
      const connection = await pool().getConnection()
      const [{ insertId }] = (await connection.query('INSERT INTO t (n) VALUES (1)')) as unknown as [{ insertId: number }]
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: insertId })
      await connection.query("SELECT CAST('x' AS INT) FROM t")
      expect(row(await connection.query('SHOW WARNINGS'))).toMatchObject({ Code: 1292 })
      connection.release()
    })
  })
}
