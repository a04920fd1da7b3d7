/** SERVER_STATUS_IN_TRANS and SERVER_STATUS_AUTOCOMMIT of the protocol. */
const IN_TRANSACTION = 1
const AUTOCOMMIT = 2

/** The state of the connection as the server told it with the last part of its answer; null where that was rows, or an error. */
function statusOf(rows: unknown): number | null {
  const last: unknown = Array.isArray(rows) ? rows.at(-1) : rows
  const { serverStatus } = (typeof last === 'object' && last !== null && !Array.isArray(last) ? last : {}) as { serverStatus?: number }
  return typeof serverStatus === 'number' ? serverStatus : null
}

/** Whether the server says that no transaction is open and none will be by itself. */
export function isAtRest(rows: unknown): boolean {
  const status = statusOf(rows)
  return status !== null && (status & IN_TRANSACTION) === 0 && (status & AUTOCOMMIT) !== 0
}

/** Whether it says that one is, or will be. */
export const isOpen = (rows: unknown): boolean => statusOf(rows) !== null && !isAtRest(rows)
