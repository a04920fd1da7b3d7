/** What a server outside of any cluster says when it does not serve. Pure. */

/** Characters of one reason. */
const LONGEST = 400

/** Why it ended, or refused something, by its log: the last lines that name an error, newest last; else its last line. */
export function reasonIn(log: string): string {
  const lines = log.trim().split('\n')
  const errors = lines.filter((line) => /\bERROR\b/.test(line) && !line.endsWith('[ERROR] Aborting'))
  return (errors.length > 0 ? errors.slice(-2).join(' | ') : (lines.at(-1) ?? '')).slice(-LONGEST)
}

/** ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN: of a moment. */
const PASSING = new Set([1040, 1053])

/** Whether the server itself said no; not that it is not there yet, or too slow. */
export function isRefusal(error: unknown): boolean {
  const { errno, sqlState } = error as { readonly errno?: number; readonly sqlState?: string }
  return errno !== undefined && errno > 0 && sqlState !== undefined && !PASSING.has(errno)
}
