import { describe, expect, test } from 'vitest'
import { makeCuttingProxy } from '../../../support/cutting-proxy.ts'
import type { ClientPlace } from '../place.ts'
import { cutOff, nOf, row } from '../calls.ts'

/** Texts of several statements and their like, of which nobody knows what they begin and end. */
export function opaqueTexts(place: ClientPlace): void {
  const { pool, on } = place
  const n = nOf(place)
  const count = () => Number(on(0, `SET wsrep_sync_wait=1; SELECT COUNT(*) FROM ${place.account().database}.t`))
  const INSERT = 'INSERT INTO t (n) VALUES (1)'
  const DUPLICATE = 'INSERT INTO t (id) VALUES (1)'

  describe('what was not understood', () => {
    test('and failed leaves no open transaction to the next user', async () => {
      const one = pool({ connectionLimit: 1, multipleStatements: true })
      await expect(one.query(`START TRANSACTION; ${INSERT}; ${DUPLICATE}; COMMIT`)).rejects.toMatchObject({ errno: 1062 })
      await one.query(INSERT)
      expect(count()).toBe(3)
    })

    test('and failed has written until then: reads wait for it', async () => {
      const one = pool({ multipleStatements: true })
      await expect.poll(() => one.nodes().every(({ state }) => state === 'synced')).toBe(true)
      await expect(one.query(`UPDATE t SET n = 5 WHERE id = 1; ${DUPLICATE}`)).rejects.toMatchObject({ errno: 1062 })
      expect(row(await one.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 5 })
      expect(one.counters.causalWaits).toBe(1)
    })

    test('and ran in a transaction leaves nothing to the next user', async () => {
      const one = pool({ connectionLimit: 1, multipleStatements: true })
      const connection = await one.getConnection()
      await connection.beginTransaction()
      await connection.query(`${INSERT}; SET autocommit = 0`)
      await connection.commit()
      connection.release()
      await one.query(INSERT)
      expect(count()).toBe(4)
    })

    test('and has begun a transaction: BEGIN commits it, a conflict ends it for the application too', async () => {
      const connection = await pool({ multipleStatements: true }).getConnection()
      await connection.query(`BEGIN; ${INSERT}`)
      await connection.beginTransaction()
      await connection.commit()
      expect(count()).toBe(3)
      await connection.query('BEGIN; UPDATE t SET n = n + 1 WHERE id = 1')
      on(1, `UPDATE ${place.account().database}.t SET n = n + 10 WHERE id = 1`)
      await expect.poll(() => connection.query('SELECT 1').then(() => null, ({ errno }: { errno: number }) => errno)).toBe(1213)
      await expect(connection.query('UPDATE t SET n = 99')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await connection.rollback()
      connection.release()
      expect(n()).toBe(10)
    })
  })

  test('autocommit is on again after SET autocommit = 1, also where all is pinned to one connection', async () => {
    const connection = await pool().getConnection()
    for (const sql of ['SET autocommit = 0', 'SET @a = 1', 'COMMIT', 'SET autocommit = 1', INSERT]) await connection.query(sql)
    connection.release()
    expect(count()).toBe(3)
  })

  test('and where a transaction is open there', async () => {
    const connection = await pool().getConnection()
    for (const sql of ['SET @a = 1', 'SET autocommit = 0', INSERT, 'SET autocommit = 1', INSERT]) await connection.query(sql)
    connection.release()
    expect(count()).toBe(4)
  })

  test.each([[1, 4], ['ON', 4], [0, 2]])('autocommit that is a value (%s) is what the server takes it for', async (value, rows) => {
    const connection = await pool().getConnection()
    await connection.query('SET autocommit = ?', [value])
    for (const sql of [INSERT, INSERT]) await connection.query(sql)
    connection.release()
    await expect.poll(count).toBe(rows)
  })

  test.each([['before'], ['after']])('tables that are locked stay so until they are given free; autocommit goes off %s', async (when) => {
    const connection = await pool().getConnection()
    const locked = () => on(0, `SHOW OPEN TABLES IN ${place.account().database} WHERE In_use > 0`) !== ''
    const [off, lock] = ['SET autocommit = 0', 'LOCK TABLES t WRITE']
    for (const sql of when === 'before' ? [off, lock] : [lock, off]) await connection.query(sql)
    await connection.query('UPDATE t SET n = 5 WHERE id = 1')
    expect(locked()).toBe(true)
    await connection.query('ROLLBACK')
    await connection.query('UPDATE t SET n = n + 6 WHERE id = 1')
    await connection.query('COMMIT')
    await connection.query('UNLOCK TABLES')
    expect([locked(), n()]).toEqual([false, 6])
    await connection.query('UPDATE t SET n = 9 WHERE id = 1')
    connection.release()
    await expect.poll(() => n()).toBe(6)
  })

  test('a transaction that the server has begun is lost with its connection: that is told, and nothing goes on in it', async () => {
    const connection = await pool({ multipleStatements: true }).getConnection()
    for (const [begin, code] of [[['SET autocommit = 0', 'LOCK TABLES t WRITE', 'UPDATE t SET n = 5 WHERE id = 1'], 'GALERA_ROLLED_BACK'], [['BEGIN; UPDATE t SET n = 5 WHERE id = 1'], 'GALERA_UNKNOWN_OUTCOME']] as const) {
      for (const sql of begin) await connection.query(sql)
      await cutOff(place, connection)
      for (const sql of ['UPDATE t SET n = 6 WHERE id = 4', 'COMMIT']) await expect(connection.query(sql)).rejects.toMatchObject({ code })
      await connection.rollback()
      await connection.query('SET autocommit = 1')
    }
    connection.release()
    expect(Number(on(0, `SET wsrep_sync_wait=1; SELECT SUM(n) FROM ${place.account().database}.t`))).toBe(0)
  })

  test('a COMMIT whose outcome is unknown is never told as rolled back later', async () => {
    await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
    const one = pool({ nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address] })
    const connection = await one.getConnection()
    for (const sql of ['SET autocommit = 0', 'LOCK TABLES t WRITE', INSERT]) await connection.query(sql)
    proxy.cutAt('COMMIT', 'after')
    for (const sql of ['COMMIT', 'SELECT n FROM t', INSERT]) await expect(connection.query(sql)).rejects.toMatchObject({ code: 'GALERA_UNKNOWN_OUTCOME' })
    await connection.rollback()
    connection.release()
    expect(count()).toBe(3)
  })

  test('a text whose answer does not say whether a transaction is open pins nothing for longer than that is asked', async () => {
    const one = pool({ multipleStatements: true, causalTimeout: 10_000 })
    await expect.poll(() => one.nodes().every(({ state }) => state === 'synced')).toBe(true)
    const connection = await one.getConnection()
    await connection.query('SELECT 1; SELECT n FROM t')
    expect(row(await connection.query('SELECT @@wsrep_node_name AS name FROM t WHERE id = 1'))).not.toEqual({ name: 'n1' })
    // One that is open stays so.
    await connection.query('BEGIN; UPDATE t SET n = 5 WHERE id = 1; SELECT 1')
    await connection.query('UPDATE t SET n = 6 WHERE id = 4')
    await connection.rollback()
    connection.release()
    expect(n()).toBe(0)
  })

  test('a session that is pinned and has autocommit off has its token, and the isolation that it asked for', async () => {
    await using proxy = await makeCuttingProxy(place.node(0).address, 3306)
    const one = pool({ exactlyOnce: true, nodes: [{ host: '127.0.0.1', port: proxy.port, priority: 1 }, place.node(1).address] })
    await one.createTokenTable()
    const connection = await one.getConnection()
    for (const sql of ['SET @a = 1', 'SET autocommit = 0', 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED', INSERT]) await connection.query(sql)
    const LEVEL = 'SELECT trx_isolation_level AS level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()'
    expect(row(await connection.query(LEVEL))).toEqual({ level: 'READ COMMITTED' })
    proxy.cutAt('COMMIT', 'after')
    await connection.query('COMMIT')
    connection.release()
    expect([count(), one.counters.resolvedCommits]).toEqual([3, 1])
  })

  test('autocommit is as the application has set it, whatever became of the connection that had it', async () => {
    const connection = await pool().getConnection()
    for (const sql of ['SET autocommit = 0', 'LOCK TABLES t WRITE']) await connection.query(sql)
    await cutOff(place, connection)
    await expect(connection.query(INSERT)).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
    for (const sql of ['ROLLBACK', 'SET @a = 1', 'COMMIT', INSERT, 'ROLLBACK']) await connection.query(sql)
    expect(count()).toBe(2)
    await connection.query('SET autocommit = 1')
    await connection.query('SET @a = 1')
    await cutOff(place, connection)
    await expect(connection.query('SET autocommit = 0')).rejects.toMatchObject({ code: 'GALERA_LOST_SESSION' })
    await connection.query(INSERT)
    connection.release()
    expect(count()).toBe(3)
  })

  test('what was begun in a text of several statements is not committed by the first statement with autocommit off', async () => {
    const connection = await pool({ multipleStatements: true }).getConnection()
    for (const sql of ['BEGIN; UPDATE t SET n = 5 WHERE id = 1', 'SET autocommit = 0', 'UPDATE t SET n = 6 WHERE id = 4', 'ROLLBACK']) await connection.query(sql)
    connection.release()
    expect(n()).toBe(0)
  })

  test('servers whose sessions begin with autocommit off', async () => {
    for (const at of [0, 1, 2]) on(at, 'SET GLOBAL autocommit = 0')
    try {
      await pool().query(INSERT)
      expect(count()).toBe(3)
    } finally {
      for (const at of [0, 1, 2]) on(at, 'SET GLOBAL autocommit = 1')
    }
  })
}
