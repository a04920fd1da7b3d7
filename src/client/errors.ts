/** What the server or the driver reported. */
export interface SqlError extends Error {
  readonly code?: string
  readonly errno?: number
  readonly sqlState?: string
  readonly fatal?: boolean
}

/**
 * Outcomes that a caller can tell apart. `hint` is what to do; `errno` and `sqlState` are those of the error below, where there is one: for those who
 * run again what they say was rolled back.
 */
export abstract class GaleraClientError extends Error {
  abstract readonly code: string
  /** The fact alone, without the hint. */
  readonly what: string
  readonly hint: string
  readonly errno: number | undefined
  readonly sqlState: string | undefined

  /** `reported`: what has them. */
  constructor(message: string, hint: string, cause?: unknown, reported = cause) {
    super(`${message}. ${hint}`, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.what = message
    this.hint = hint
    this.errno = (reported as SqlError | null | undefined)?.errno
    this.sqlState = (reported as SqlError | null | undefined)?.sqlState
  }
}

/** The transaction has surely been rolled back: nothing of it is in the database. */
export class RolledBackError extends GaleraClientError {
  readonly code = 'GALERA_ROLLED_BACK'

  constructor(why: string, cause?: unknown) {
    super(`The transaction was rolled back: ${why}`, 'Send ROLLBACK, then run the whole transaction again; pool.transaction() does so by itself', cause)
  }
}

/** What only one connection had is gone with it. */
export class LostSessionError extends GaleraClientError {
  readonly code = 'GALERA_LOST_SESSION'

  constructor(what: string, cause?: unknown) {
    super(`The connection was lost, and with it ${what}: the statement was not sent`, 'What was acknowledged before is in the database: make anew on this connection what was lost, and go on', cause)
  }
}

/** Whether it was applied can't be known: it may have been, and was not sent again. Without `errno`: a conflict below says nothing of what was committed before it. */
export class UnknownOutcomeError extends GaleraClientError {
  readonly code = 'GALERA_UNKNOWN_OUTCOME'

  constructor(what: string, cause?: unknown) {
    super(`The connection was lost while the server worked on ${what}: it may have been applied`, 'Look in the database before you send it again, or set exactlyOnce, which finds it out', cause, null)
  }
}

/** Run again on another node the transaction would have read something else than the application was told: it was rolled back. */
export class ReplayMismatchError extends GaleraClientError {
  readonly code = 'GALERA_REPLAY_MISMATCH'

  constructor(statement: number, sql: string, why: string, cause?: unknown) {
    super(`The transaction was rolled back, and can't be repeated: statement ${statement} (${shortened(sql)}) ${why}`, 'Run the whole transaction again from its beginning; pool.transaction() does so by itself', cause)
  }
}

/** No node takes it in the time that was given. */
export class NoPrimaryError extends GaleraClientError {
  readonly code = 'GALERA_NO_PRIMARY'

  constructor(milliseconds: number, nodes: readonly string[], cause?: unknown) {
    super(`No node of the cluster has taken work within ${milliseconds / 1000} s (${nodes.join('; ')})`, 'Nothing was sent. See galeractl status; give it more time with failoverTimeout', cause)
  }
}

/** Time is up, and nothing was applied. */
export class TimeoutError extends GaleraClientError {
  readonly code = 'GALERA_TIMEOUT'

  constructor(what: string, milliseconds: number, cause?: unknown) {
    super(`${what} took longer than ${milliseconds / 1000} s`, 'Nothing of it was applied: try again, or give it more time', cause)
  }
}

/** An option that can't be. */
export class OptionError extends GaleraClientError {
  readonly code = 'GALERA_BAD_OPTION'
}

export const shortened = (sql: string): string => (sql.length > 80 ? `${sql.slice(0, 77)}…` : sql)
