import type { SslOptions } from 'mysql2'
import { settle } from '../mariadb/own-session.ts'
import { within } from '../system/wait.ts'
import { Wire } from './wire.ts'

export interface Access {
  readonly user: string
  readonly password: string
}

/** Where a server is reached, and with what TLS. */
export type Place = { readonly socketPath: string } | { readonly host: string; readonly port: number; readonly ssl?: SslOptions }

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000

/** As long as one end may wait for the other within a statement, seconds; silence is watched by our own clock. */
const LONGEST_WAIT = 31_536_000

/** Seconds. */
const LOCK_WAIT = 60

/** Who reads: bytes as they are stored (character_set_results=NULL). */
const READER = [`SET SESSION sql_mode = '', character_set_results = NULL, sql_quote_show_create = 1, net_write_timeout = ${LONGEST_WAIT}, net_read_timeout = ${LONGEST_WAIT}`]

/** From here on a reader sees one state. */
export const READ_VIEW = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'

/** A zero stays a zero, a date stays as it is, and no table gets another engine than it has. */
export const LOADING_MODE = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'

/** Who loads: nothing is replicated or logged, nothing is checked again that the donor has checked, explicit zeros stay zeros. */
const LOADER = [
  'SET SESSION wsrep_on = OFF',
  `SET SESSION sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, check_constraint_checks = 0, sql_mode = '${LOADING_MODE}'`,
  `SET SESSION innodb_strict_mode = OFF, net_write_timeout = ${LONGEST_WAIT}, net_read_timeout = ${LONGEST_WAIT}`,
  'SET SESSION system_versioning_insert_history = ON, enforce_storage_engine = NULL',
]

/** The donor's provider is paused: all sessions see the same, and would wait for what it can't apply (wsrep_sync_wait). */
export const openDonor = (place: Place, access: Access) => open(place, access, ['SET SESSION wsrep_on = OFF', ...READER, READ_VIEW])
export const openJoiner = (place: Place, access: Access) => open(place, access, LOADER)

/** Seconds. */
const LONGEST_PAUSE = 300

/**
 * On a node that goes on, without a read view yet. A definition that somebody changes ends a reader that uses it, where with
 * wsrep_on=OFF the whole cluster would wait for it; without a binary log ROLLBACK TO SAVEPOINT frees definitions [ran]. While
 * the server can't get rid of rows it can't be ended, so that has a limit.
 */
export const openReader = (place: Place, access: Access) => open(place, access, [...READER, `SET SESSION sql_log_bin = 0, net_write_timeout = ${LONGEST_PAUSE}`])

/** A session of ours, with what `statements` set besides. */
export async function open(place: Place, access: Access, statements: readonly string[]): Promise<Wire> {
  const wire = await Wire.open({ ...place, ...access, connectTimeout: CONNECT_TIMEOUT })
  try {
    await settle((sql) => within(wire.execute(sql), CONNECT_TIMEOUT), LOCK_WAIT)
    for (const statement of statements) await within(wire.execute(statement), CONNECT_TIMEOUT)
    return wire
  } catch (error) {
    wire[Symbol.dispose]()
    throw error
  }
}
