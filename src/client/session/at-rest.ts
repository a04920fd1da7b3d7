/** SERVER_STATUS_IN_TRANS and SERVER_STATUS_AUTOCOMMIT of the protocol. */
const IN_TRANSACTION = 1
const AUTOCOMMIT = 2

/** Whether the server says, with the last part of its answer, that no transaction is open and none will be by itself. */
export function isAtRest(rows: unknown): boolean {
  const last: unknown = Array.isArray(rows) ? rows.at(-1) : rows
  const { serverStatus } = (typeof last === 'object' && last !== null && !Array.isArray(last) ? last : {}) as { serverStatus?: number }
  return serverStatus !== undefined && (serverStatus & IN_TRANSACTION) === 0 && (serverStatus & AUTOCOMMIT) !== 0
}
