import type { SqlError } from './errors.ts'

/**
 * What an error of a statement says of the statement and of the node.
 * - `lost`: the connection is gone; what was under way may or may not have been done.
 * - `refused`: the node did not run it, and runs nothing at present (ER_UNKNOWN_COM_ERROR, 1047: outside the primary component).
 * - `read-only`: the node did not run it, and takes no writes.
 * - `unsure`: the connection lives, but whether it was committed is not known (1180 during COMMIT on a node that left [ran]).
 * - `conflict`: the transaction was rolled back by another that came first (1213; 1020 with innodb_snapshot_isolation, on by default since 11.6.2), or
 *   for want of room for its locks (1206).
 * - `statement`: the statement itself failed; the transaction stands.
 */
export type Failure = 'lost' | 'refused' | 'read-only' | 'unsure' | 'conflict' | 'statement'

/** ER_CHECKREAD, ER_LOCK_TABLE_FULL, ER_LOCK_DEADLOCK */
const CONFLICT = new Set([1020, 1206, 1213])
/** ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED, ER_NEW_ABORTING_CONNECTION, CR_SERVER_GONE_ERROR, CR_SERVER_LOST */
const LOST = new Set([1053, 1927, 1184, 2006, 2013])
/** ER_OPTION_PREVENTS_STATEMENT (read_only), ER_READ_ONLY_MODE */
const READ_ONLY = new Set([1290, 1836])

export function failureOf(error: unknown): Failure {
  const { errno, fatal, sqlState, message } = error as SqlError
  if (errno === 1047) return 'refused'
  if (errno !== undefined && CONFLICT.has(errno)) return 'conflict'
  if (errno === 1180) return 'unsure'
  if (errno !== undefined && LOST.has(errno)) return 'lost'
  // 1290 is of other options too, as secure_file_priv.
  if (errno !== undefined && READ_ONLY.has(errno) && /read[ _-]only/i.test(message)) return 'read-only'
  // What a server answers has an SQLSTATE; all else comes from the connection, but for mistakes of the caller.
  if (fatal === true) return 'lost'
  return sqlState === undefined && isOfConnection(error) ? 'lost' : 'statement'
}

/** ER_LOCK_WAIT_TIMEOUT: it took too long, or a view changed while a causal read waited. */
export const isEndOfWait = (error: unknown): boolean => (error as SqlError).errno === 1205

/** The application's own `timeout` for the statement. */
export const isOwnLimit = (error: unknown): boolean => (error as SqlError | undefined)?.code === 'PROTOCOL_SEQUENCE_TIMEOUT'

const isOfConnection = (error: unknown): boolean => /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|PROTOCOL_CONNECTION_LOST|PROTOCOL_SEQUENCE_TIMEOUT|GALERA_NODE_LOST)/.test((error as SqlError).code ?? '') || /closed state/.test((error as Error).message)
