import { ReplayMismatchError, RolledBackError, UnknownOutcomeError } from '../errors.ts'
import { failureOf, isOwnLimit } from '../failure.ts'
import type { SessionOptions } from '../options.ts'
import { backoff } from '../session/backoff.ts'
import type { GaleraConnection, GaleraPromiseConnection } from './connection.ts'

export interface TransactionOptions extends Pick<SessionOptions, 'exactlyOnce' | 'consistency' | 'failoverTimeout'> {
  /** How often the work is run again; default 10. */
  readonly retries?: number
}

/** The closure is what is repeated, so that no answer has to be compared. */
export async function runTransaction<Value>(connect: () => Promise<GaleraConnection>, work: (connection: GaleraPromiseConnection) => Promise<Value>, { retries = 10, ...options }: TransactionOptions): Promise<Value> {
  const core = await connect()
  try {
    core.configure({ ...options, replay: false, optimisticTransactions: false })
    const connection = core.promise()
    for (let attempt = 0; ; attempt++) {
      try {
        await connection.beginTransaction()
        const value = await work(connection)
        await connection.commit()
        return value
      } catch (error) {
        // What went wrong first is what is told.
        await connection.rollback().catch(() => undefined)
        if (!isRolledBack(error) || attempt >= retries) throw error
        await backoff(attempt)
      }
    }
  } finally {
    core.release()
  }
}

/** Also where the application has put it into an error of its own. */
function isRolledBack(error: unknown): boolean {
  const chain: Error[] = []
  for (let one = error; one instanceof Error && chain.length < 5; one = one.cause) chain.push(one)
  // A conflict may be why nobody knows: what was committed before it is there.
  if (chain.some((one) => one instanceof UnknownOutcomeError || isOwnLimit(one))) return false
  return chain.some((one) => one instanceof RolledBackError || one instanceof ReplayMismatchError || failureOf(one) === 'conflict')
}
