/** What a server outside of any cluster says when it does not serve. Pure. */

/** ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN: of a moment. */
const PASSING = new Set([1040, 1053])

/** Whether the server itself said no; not that it is not there yet, or too slow. */
export function isRefusal(error: unknown): boolean {
  const { errno, sqlState } = error as { readonly errno?: number; readonly sqlState?: string }
  return errno !== undefined && errno > 0 && sqlState !== undefined && !PASSING.has(errno)
}
