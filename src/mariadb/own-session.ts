import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise'

/** Seconds: for as long as a session may have nothing to do. */
const LONGEST_IDLE = 31_536_000

/** ER_STATEMENT_TIMEOUT: before it is said that statements may take long, also that may take too long. */
const TIMED_OUT = 1969
const TRIES = 10

const VALUES = [
  "sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  'autocommit = 1',
  'wsrep_sync_wait = 0',
  "wsrep_OSU_method = 'TOI'",
  'foreign_key_checks = 1',
  'unique_checks = 1',
  'check_constraint_checks = 1',
  'sql_safe_updates = 0',
  'sql_big_selects = 1',
  'sql_select_limit = 18446744073709551615',
  'sql_auto_is_null = 0',
  'group_concat_max_len = 1048576',
  'old_passwords = 0',
  `wait_timeout = ${LONGEST_IDLE}`,
  'idle_transaction_timeout = 0',
  'idle_readonly_transaction_timeout = 0',
  'idle_write_transaction_timeout = 0',
]

/** What a session of ours depends on, in one statement: it has nothing of the server's globals, nor of init_connect. `lockWait`: seconds. */
export const ownSettings = (lockWait: number): string => `SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, ${[...VALUES, 'max_statement_time = 0', `lock_wait_timeout = ${lockWait}`, `innodb_lock_wait_timeout = ${lockWait}`].map((value) => `SESSION ${value}`).join(', ')}`

/** Makes a new session one of ours, over whatever driver. `lockWait`: how long it may wait for a lock, seconds. */
export async function settle(execute: (sql: string) => Promise<unknown>, lockWait: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await execute('SET SESSION max_statement_time = 0')
      break
    } catch (error) {
      if ((error as { errno?: number }).errno !== TIMED_OUT || tries === TRIES) throw error
    }
  }
  await execute(ownSettings(lockWait))
  await execute('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE')
}

/** A session of ours over mysql2. @throws mysql2's error where the server can't be reached, refuses the login or a setting */
export async function openOwnSession(options: ConnectionOptions, lockWait: number): Promise<Connection> {
  const connection = await createConnection(options)
  // Without a listener a broken connection would end the process.
  connection.on('error', () => undefined)
  try {
    await settle((sql) => connection.query(sql), lockWait)
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}
