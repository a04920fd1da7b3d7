import { beforeEach, describe, expect, test } from 'vitest'
import type { GaleraPromiseConnection, GaleraPromisePool } from '../../../src/client/index.ts'
import { row } from './calls.ts'
import { allSynced } from './nodes/looks.ts'
import { clientPlace } from './place.ts'

/**
 * Connections that a transaction was torn on, of three real nodes, 127.0.235.x. A node that refuses statements (1047) refuses COMMIT and ROLLBACK too:
 * the transaction stays open there, a ping finds the connection sound, and a BEGIN of the next user would commit the torn half [ran].
 */
const place = clientPlace(235)
const { pool, on } = place
const table = () => `${place.account().database}.t`

/** The writer serves again; who was cut off for long is started anew by its agent. */
const serves = () => expect.poll(() => on(0, "SHOW STATUS LIKE 'wsrep_local_state_comment'; SELECT @@wsrep_reject_queries"), { timeout: 60_000 }).toBe('wsrep_local_state_comment\tSynced\nNONE')

beforeEach(async () => {
  await serves()
  on(0, `CREATE OR REPLACE TABLE ${table()} (id INT PRIMARY KEY, n INT); INSERT INTO ${table()} VALUES (1, 0), (2, 0)`)
})

/** How a node is made to refuse, and to serve again. */
const REFUSALS: readonly (readonly [string, () => void, () => void])[] = [
  ['wsrep_reject_queries=ALL', () => on(0, 'SET GLOBAL wsrep_reject_queries = ALL'), () => on(0, 'SET GLOBAL wsrep_reject_queries = NONE')],
  ['a lost primary component', () => on(0, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'"), () => on(0, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")],
]

const refuses = () => expect.poll(() => {
  try {
    return on(0, `SELECT COUNT(*) FROM ${table()}`)
  } catch {
    return 'refused'
  }
}, { timeout: 30_000 }).toBe('refused')

/** Transactions of the application on the writer, from its own sessions or the pool's. */
const openOnWriter = () => on(0, `SELECT COUNT(*) FROM information_schema.PROCESSLIST p JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID WHERE p.USER = '${place.account().user}'`)
const rows = () => on(1, `SET SESSION wsrep_sync_wait = 1; SELECT GROUP_CONCAT(n ORDER BY id) FROM ${table()}`)

/** The pool goes on as its next users do, on a writer that serves again. */
async function nextUsers(one: GaleraPromisePool): Promise<void> {
  await serves()
  await allSynced(one)
  for (let user = 0; user < 3; user++) {
    const connection = await one.getConnection()
    await connection.beginTransaction()
    await connection.query('UPDATE t SET n = n + 1 WHERE id = 2')
    await connection.commit()
    connection.release()
  }
  await expect.poll(openOnWriter).toBe('0')
}

/** A transaction that has changed row 1, on the one connection of a pool, before its node refuses. */
async function torn(options: Parameters<typeof pool>[0]): Promise<{ one: ReturnType<typeof pool>; connection: GaleraPromiseConnection }> {
  const one = pool({ connectionLimit: 1, ...options })
  await allSynced(one)
  const connection = await one.getConnection()
  await connection.beginTransaction()
  await connection.query('UPDATE t SET n = n + 1 WHERE id = 1')
  // InnoDB answers for 100 ms with what it was last asked (INNODB_TRX).
  await expect.poll(openOnWriter).toBe('1')
  return { one, connection }
}

describe.each(REFUSALS)('where %s refuses the end of a transaction, the next user of the pool commits nothing of it', (_what, refuse, serve) => {
  test.each([
    ['COMMIT, which is repeated elsewhere', {}, 'commit', '1,3'],
    ['COMMIT, which is not repeated', { replay: false }, 'commit', '0,3'],
    ['ROLLBACK', {}, 'rollback', '0,3'],
    ['COM_RESET_CONNECTION', {}, 'reset', '0,3'],
    ['nothing: the connection is just given back', {}, 'release', '0,3'],
  ] as const)('%s', async (_end, options, end, expected) => {
    const { one, connection } = await torn(options)
    refuse()
    try {
      await refuses()
      if (end === 'reset') await new Promise<void>((resolve) => (connection as unknown as { connection: { reset: (done: () => void) => void } }).connection.reset(() => resolve()))
      else if (end !== 'release') await connection[end]().catch((error: { code: string }) => expect(error.code).toMatch(/^GALERA_ROLLED_BACK$/))
      connection.release()
    } finally {
      serve()
    }
    await nextUsers(one)
    expect(rows()).toBe(expected)
  })
})

describe('a statement that took too long', () => {
  test('max_statement_time ends the statement, and the transaction is what its user makes of it', async () => {
    const { one, connection } = await torn({})
    await expect(connection.query('SET STATEMENT max_statement_time = 0.2 FOR SELECT SLEEP(5), n FROM t FOR UPDATE')).rejects.toMatchObject({ errno: 1969 })
    await connection.rollback()
    connection.release()
    await nextUsers(one)
    expect(rows()).toBe('0,3')
  })

  test('its own timeout does not hand its busy connection to the next user', async () => {
    const { one, connection } = await torn({})
    await expect(connection.query({ sql: 'SELECT SLEEP(3), n FROM t FOR UPDATE', timeout: 200 })).rejects.toMatchObject({ code: 'GALERA_ROLLED_BACK' })
    connection.release()
    expect(row(await one.query('SELECT 5 AS a FROM t LIMIT 1'))).toEqual({ a: 5 })
    await nextUsers(one)
    expect(rows()).toBe('0,3')
  })
})
