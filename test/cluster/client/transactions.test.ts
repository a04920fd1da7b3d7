import { createConnection } from 'mysql2/promise'
import { beforeEach, describe, expect, test } from 'vitest'
import type { GaleraPromiseConnection, GaleraPromisePool } from '../../../src/client/index.ts'
import { type Cut, makeCuttingProxy } from '../../support/cutting-proxy.ts'
import type { Session } from '../../../src/client/session/session.ts'
import { clientPlace } from './place.ts'

/** Transactions of the client on three real nodes, 127.0.61.x; what is cut is the wire, by a proxy or by KILL. */
const place = clientPlace(61)
const { pool, on } = place

beforeEach(() => {
  on(0, `CREATE OR REPLACE TABLE ${place.account().database}.t (id INT AUTO_INCREMENT PRIMARY KEY, n INT, at DATETIME(6)); INSERT INTO ${place.account().database}.t (id, n) VALUES (1, 0), (4, 0)`)
})

const n = (at = 0) => Number(on(at, `SET wsrep_sync_wait=1; SELECT n FROM ${place.account().database}.t WHERE id = 1`))
const row = <Row>([rows]: readonly [unknown, unknown]): Row => (rows as Row[])[0] as Row
/** The server ends the connection that was used last, and the client has seen it: what it sends to one that it takes to live may or may not arrive. */
async function cutOff(connection: GaleraPromiseConnection, at = 0): Promise<void> {
  const { last } = (connection as unknown as { connection: { session: Session } }).connection.session
  on(at, `KILL CONNECTION ${connection.threadId}`)
  await expect.poll(() => last?.link.dead, { interval: 5 }).not.toBeNull()
}

async function inTransaction<Value>(pool: GaleraPromisePool, work: (connection: GaleraPromiseConnection) => Promise<Value>): Promise<Value> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    return await work(connection)
  } finally {
    connection.release()
  }
}

describe('a transaction whose connection is lost', () => {
  test('is done again, and committed once', () =>
    inTransaction(pool(), async (connection) => {
      await connection.query('UPDATE t SET n = n + 1 WHERE id = ?', [1])
      await cutOff(connection)
      expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 1 })
      await cutOff(connection)
      await connection.commit()
      expect(n()).toBe(1)
    }))

  test('where another has changed a row that it read meanwhile, it fails, and nothing is committed', () =>
    inTransaction(pool(), async (connection) => {
      expect(row(await connection.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
      await connection.query('INSERT INTO t (n) VALUES (5)')
      await cutOff(connection)
      on(1, `UPDATE ${place.account().database}.t SET n = 7 WHERE id = 1`)
      expect(n()).toBe(7)
      await expect(connection.query('UPDATE t SET n = n + 1')).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH', message: expect.stringContaining('SELECT n FROM t WHERE id = 1') })
      // What follows belongs to what was rolled back.
      await expect(connection.query('UPDATE t SET n = 100')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
      await connection.rollback()
      expect(row(await connection.query('SELECT COUNT(*) AS count, MAX(n) AS n FROM t'))).toEqual({ count: 2, n: 7 })
    }))

  test('a row keeps the id that it was given; ids of several rows can not be kept', async () => {
    const id = await inTransaction(pool(), async (connection) => {
      const [{ insertId }] = (await connection.execute('INSERT INTO t (n) VALUES (?)', [5])) as unknown as [{ insertId: number }]
      await cutOff(connection)
      on(1, `INSERT INTO ${place.account().database}.t (n) VALUES (6)`)
      await connection.commit()
      return insertId
    })
    expect(on(0, `SELECT n FROM ${place.account().database}.t WHERE id = ${id}`)).toBe('5')
    await inTransaction(pool({ nodes: [place.node(1).address, place.node(2).address] }), async (connection) => {
      await connection.query('INSERT INTO t (n) VALUES (1), (2), (3)')
      await cutOff(connection, 1)
      on(0, `INSERT INTO ${place.account().database}.t (n) VALUES (6)`)
      await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH' })
    })
  })

  test('NOW() says the same again; what says something new each time is refused', async () => {
    await inTransaction(pool(), async (connection) => {
      const before = row(await connection.query('SELECT NOW(6) AS at'))
      await connection.execute('INSERT INTO t (n, at) SELECT 9, NOW(6) RETURNING at')
      await cutOff(connection)
      await connection.commit()
      expect(before).toEqual({ at: expect.any(Date) })
    })
    await inTransaction(pool(), async (connection) => {
      await connection.query('SELECT UUID()')
      await cutOff(connection)
      await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_REPLAY_MISMATCH' })
    })
  })

  test('beyond the limits of its history it is not repeated', () =>
    inTransaction(pool({ historyLimit: 2 }), async (connection) => {
      for (let id = 1; id <= 3; id++) await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
      await cutOff(connection)
      await expect(connection.commit()).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK', message: expect.stringContaining('historyLimit') })
      expect(n()).toBe(0)
    }))

  test('errors that the application was told are told again', () =>
    inTransaction(pool(), async (connection) => {
      await expect(connection.query('INSERT INTO t (id) VALUES (1)')).rejects.toMatchObject({ errno: 1062 })
      await connection.query('UPDATE t SET n = 3 WHERE id = 1')
      await cutOff(connection)
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
      await cutOff(connection)
      await connection.commit()
      expect(n()).toBe(3)
    }))
})

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

describe.each<Cut>(['before', 'after'])('the wire is cut %s the server has got it:', (when) => {
  async function through(options: object, work: (pool: GaleraPromisePool, cutAt: (statement: string) => void) => Promise<void>): Promise<void> {
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
      cutAt(sql)
      await one.query(sql)
      cutAt('COMMIT')
      await one.query(sql)
    })
    expect(n()).toBe(before + 2)
  })

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

describe('what only one connection has', () => {
  test('settings go along to another node', async () => {
    const connection = await pool().getConnection()
    await connection.query("SET time_zone = '+05:00'")
    await connection.query('UPDATE t SET n = 1 WHERE id = 1')
    await cutOff(connection)
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
    await cutOff(connection)
    await expect.poll(() => connection.query(look).then(() => null, ({ code }: { code: string }) => code)).toBe('GALERA_ROLLED_BACK')
    connection.release()
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
    await cutOff(connection)
    await connection.commit()
    expect(count()).toBe(3)
    await connection.beginTransaction()
    const { connection: core } = connection as unknown as { connection: { query: (sql: string) => { stream: () => AsyncIterable<unknown> } } }
    for await (const one of core.query('SELECT n FROM t WHERE id = 1 FOR UPDATE').stream()) expect(one).toEqual({ n: 0 })
    await cutOff(connection)
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
      await cutOff(connection)
      await connection.commit()
      await connection.query('DELETE FROM t WHERE id = 1000')
      const [{ insertId }] = (await connection.query('INSERT INTO t (n) VALUES (2)')) as unknown as [{ insertId: number }]
      expect(insertId).toBeGreaterThan(1000)
    }))

  test("LAST_INSERT_ID() of a connection that is gone is told as lost, not as a stranger's", async () => {
    const connection = await pool().getConnection()
    await connection.query('INSERT INTO t (n) VALUES (1)')
    await cutOff(connection)
    await expect(connection.query('INSERT INTO t (n) VALUES (LAST_INSERT_ID())')).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
    connection.release()
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
