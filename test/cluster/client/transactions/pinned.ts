import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { makeCuttingProxy } from '../../../support/cutting-proxy.ts'
import { cutOff, inTransaction, nOf, row } from '../calls.ts'

/** Sessions whose one connection is lost, or given back, while something depends on it. */
export function lostSessions(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)
  const count = () => Number(on(0, `SET wsrep_sync_wait=1; SELECT COUNT(*) FROM ${place.account().database}.t`))
  const INSERT = 'INSERT INTO t (n) VALUES (1)'

  test('a user variable that is lost before the first statement of a transaction is told, ROLLBACK works, and COMMIT would not have said OK', async () => {
    const connection = await pool().getConnection()
    await connection.query('SET @a = 5')
    await connection.beginTransaction()
    await cutOff(place, connection)
    await expect(connection.query('INSERT INTO t (n) VALUES (@a)')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK', message: expect.stringContaining('user variable') })
    await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
    await connection.rollback()
    await connection.query('SET @a = 6')
    await cutOff(place, connection)
    await connection.rollback()
    // Outside of a transaction nothing was rolled back.
    await expect(connection.query('INSERT INTO t (n) VALUES (@a)')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
    connection.release()
    expect(count()).toBe(2)
  })

  test('a conflict that is told with SET ends the transaction', () =>
    inTransaction(pool(), async (connection) => {
      await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
      on(1, `UPDATE ${place.account().database}.t SET n = n + 10 WHERE id = 1`)
      await expect.poll(() => connection.query("SET time_zone = '+00:00'").then(() => null, ({ code }: { code: string }) => code)).toBe('GALERA_ROLLED_BACK')
      await expect(connection.query('UPDATE t SET n = 99')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await connection.rollback()
      expect(n()).toBe(10)
    }))

  test('settings with values are given to the next connection as well', async () => {
    const connection = await pool().getConnection()
    await connection.execute('SET time_zone = ?', ['+05:00'])
    await connection.query('UPDATE t SET n = 1 WHERE id = 1')
    await cutOff(place, connection)
    expect(row(await connection.query('SELECT @@time_zone AS zone FROM t LIMIT 1'))).toEqual({ zone: '+05:00' })
    connection.release()
  })

  test('no connection is left busy where a session came to be pinned to another one', async () => {
    const one = pool()
    const connection = await one.getConnection()
    for (const sql of [INSERT, 'START TRANSACTION READ ONLY', 'SELECT @a := 1', 'COMMIT']) await connection.query(sql)
    connection.release()
    expect(one.nodes().map(({ busy }) => busy)).toEqual([0, 0, 0])
  })

  test('what waits for a node is not sent after destroy()', async () => {
    const one = pool()
    await one.query('SELECT 1 FROM t')
    const names = one.nodes().map(({ name }) => name)
    for (const name of names) one.drain(name)
    const connection = await one.getConnection()
    const waiting = connection.query(INSERT)
    const failed = expect(waiting).rejects.toThrow('destroyed')
    await new Promise((resolve) => setImmediate(resolve))
    connection.destroy()
    for (const name of names) one.undrain(name)
    await failed
    expect(count()).toBe(2)
  })

  test('reset() has its turn', async () => {
    const one = pool({ connectionLimit: 1 })
    const connection = await one.getConnection()
    const core = (connection as unknown as { connection: { reset: (done: () => void) => void } }).connection
    const reset = new Promise<void>((done) => core.reset(done))
    await Promise.all([reset, connection.beginTransaction(), connection.query(INSERT), connection.query(INSERT), connection.rollback()])
    connection.release()
    await one.query(INSERT)
    expect(count()).toBe(3)
  })

  describe('LAST_INSERT_ID()', () => {
    test('that another node was to be asked for is told as lost, before anything is sent', async () => {
      const one = pool()
      const connection = await one.getConnection()
      for (const sql of ['INSERT INTO t (n) VALUES (LAST_INSERT_ID())', 'SET @id = LAST_INSERT_ID()', 'SET @a = 1; SET @id = LAST_INSERT_ID()']) {
        await connection.query(INSERT)
        one.drain('n1')
        await expect(connection.query(sql)).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
        one.undrain('n1')
      }
      await connection.query(INSERT)
      one.drain('n1')
      await connection.beginTransaction()
      await expect(connection.query('INSERT INTO t (n) VALUES (LAST_INSERT_ID())')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await connection.rollback()
      connection.release()
      expect(count()).toBe(6)
    })

    test('is not told by who was given none, and known where a transaction moves to the writer', async () => {
      const one = pool({ optimisticTransactions: true })
      const connection = await one.getConnection()
      const [{ insertId }] = (await connection.query(INSERT)) as unknown as [{ insertId: number }]
      await connection.beginTransaction()
      await connection.query('SELECT n FROM t')
      await connection.query('UPDATE t SET n = LAST_INSERT_ID() WHERE id = 1')
      await connection.commit()
      expect(n()).toBe(insertId)
      await connection.query(`CREATE TABLE IF NOT EXISTS named (name CHAR(36) PRIMARY KEY)`)
      one.drain('n1')
      await connection.query('REPLACE INTO named VALUES (UUID())')
      await expect(connection.query('UPDATE t SET n = LAST_INSERT_ID() WHERE id = 1')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      connection.release()
    })

    test('of a try that came to nothing is not taken for the last', async () => {
      const one = pool({ exactlyOnce: true })
      await one.createTokenTable()
      const connection = await one.getConnection()
      await connection.query(INSERT)
      const failed = expect(connection.query('INSERT INTO t (n) SELECT LAST_INSERT_ID() FROM t WHERE id = 1 AND SLEEP(10) = 0 FOR UPDATE')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      await expect.poll(() => on(0, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO t (n) SELECT%'")).toBe('1')
      on(1, `UPDATE ${place.account().database}.t SET n = n + 10 WHERE id = 1`)
      await failed
      connection.release()
      expect(count()).toBe(3)
    })

    test('is known after a statement that failed by itself', async () => {
      const connection = await pool().getConnection()
      const [{ insertId }] = (await connection.query(INSERT)) as unknown as [{ insertId: number }]
      await connection.beginTransaction()
      await expect(connection.query('INSERT INTO t (id, n) VALUES (1, LAST_INSERT_ID())')).rejects.toMatchObject({ errno: 1062 })
      await connection.query('UPDATE t SET n = LAST_INSERT_ID() WHERE id = 1')
      await connection.commit()
      connection.release()
      expect(n()).toBe(insertId)
    })

    test('is asked of who knows it, also in a transaction that only reads', async () => {
      const connection = await pool().getConnection()
      const [{ insertId }] = (await connection.query(INSERT)) as unknown as [{ insertId: number }]
      await connection.query('START TRANSACTION READ ONLY')
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: insertId })
      connection.release()
    })

    test('of a COMMIT that was found out is told as lost', async () => {
      await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
      const one = pool({ exactlyOnce: true, nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address] })
      await one.createTokenTable()
      const connection = await one.getConnection()
      await connection.query('SELECT 1 FROM t')
      proxy.cutAt('COMMIT', 'after')
      await connection.query(INSERT)
      expect([one.counters.resolvedCommits, count()]).toEqual([1, 3])
      await expect(connection.query('SELECT LAST_INSERT_ID()')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      connection.release()
    })

    test('of a transaction that was repeated is known after it', async () => {
      const connection = await pool().getConnection()
      await connection.beginTransaction()
      const [{ insertId }] = (await connection.query(INSERT)) as unknown as [{ insertId: number }]
      await cutOff(place, connection)
      await connection.query('UPDATE t SET n = 7 WHERE id = 1')
      await connection.commit()
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: insertId })
      connection.release()
    })

    test('is known of an INSERT on another node than the one before', async () => {
      const one = pool()
      const connection = await one.getConnection()
      await connection.query(INSERT)
      one.drain('n1')
      const [{ insertId }] = (await connection.query(INSERT)) as unknown as [{ insertId: number }]
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: insertId })
      connection.release()
    })

    test('that an expression has set is known as long as its connection lives, and may be set again after it', async () => {
      const connection = await pool().getConnection()
      await connection.query('UPDATE t SET n = LAST_INSERT_ID(41) WHERE id = 1')
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: 41 })
      await cutOff(place, connection)
      await expect(connection.query('SELECT LAST_INSERT_ID()')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
      await connection.query('INSERT INTO t (id, n) VALUES (4, 0) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)')
      expect(row(await connection.query('SELECT LAST_INSERT_ID() AS id'))).toEqual({ id: 4 })
      connection.release()
    })

    test('is known after a repetition, and after a connection that was lost before the INSERT', async () => {
      const connection = await pool().getConnection()
      await connection.query(INSERT)
      await cutOff(place, connection)
      await connection.beginTransaction()
      await connection.query('UPDATE t SET n = 3 WHERE id = 4')
      const [{ insertId }] = (await connection.query('INSERT INTO t (n) VALUES (7)')) as unknown as [{ insertId: number }]
      await cutOff(place, connection)
      await connection.query('INSERT INTO t (n) SELECT 1000 + LAST_INSERT_ID()')
      await connection.commit()
      connection.release()
      expect(on(0, `SELECT COUNT(*) FROM ${place.account().database}.t WHERE n = ${1000 + insertId}`)).toBe('1')
    })

    test('of before the transaction, whose connection was lost: the transaction ends, and nothing of it is committed', async () => {
      const connection = await pool().getConnection()
      await connection.query(INSERT)
      await connection.beginTransaction()
      await connection.query('UPDATE t SET n = 3 WHERE id = 1')
      await cutOff(place, connection)
      await expect(connection.query('INSERT INTO t (n) VALUES (LAST_INSERT_ID())')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      // Who runs it again from its beginning must not commit the first half.
      await expect(connection.beginTransaction()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await connection.rollback()
      connection.release()
      expect(n()).toBe(0)
    })
  })

  test('many rows with ids of the application do not use up the repetitions', () =>
    inTransaction(pool({ replays: 1 }), async (connection) => {
      for (let id = 2001; id <= 2012; id++) await connection.query('INSERT INTO t (id, n) VALUES (?, 1)', [id])
      await cutOff(place, connection)
      await connection.commit()
      expect(count()).toBe(14)
    }))

  test('a connection that is still held after the pool has ended gets nothing', async () => {
    const one = pool()
    const connection = await one.getConnection()
    await one.end()
    await expect(connection.query(INSERT)).rejects.toThrow('Pool is closed')
    connection.release()
    expect(count()).toBe(2)
  })
}
