import { type Failure, failureOf } from '../failure.ts'
import type { Answer, Work } from '../nodes/link.ts'
import type { Node } from '../nodes/node.ts'
import { committedOn, insertToken, newToken } from './commit-token.ts'
import { ok } from './ok.ts'
import { text } from './recorded.ts'
import { Final, type Repeatable } from './repeatable.ts'

/** COMMIT was sent, and its answer is missing. */
class Sent extends Final {
  override readonly cause: Error

  constructor(cause: Error) {
    super(cause.message)
    this.cause = cause
  }
}

/** After these COMMIT was not carried out; after any other it may have been. */
const SURELY_NOT: ReadonlySet<Failure> = new Set(['conflict', 'refused', 'read-only'])

/** Ends a transaction for good. Rejects with UnknownOutcomeError, RolledBackError or ReplayMismatchError; but for the first nothing of it is in the database. */
export async function commit(transaction: Repeatable, work: Work): Promise<Answer> {
  if (transaction.taken === null && transaction.answered === 0) return ok()
  const { engine, settings } = transaction.place
  for (;;) {
    const token = settings.exactlyOnce && transaction.wrote ? newToken() : null
    try {
      return await send(transaction, work, token)
    } catch (error) {
      if (!(error instanceof Sent)) throw uncommitted(transaction, error as Error)
      const { cause } = error
      // It may be there, and then what comes next must see it.
      if (transaction.wrote && transaction.taken !== null) engine.causality.wrote(transaction.taken.node)
      // From here on its connection is gone.
      transaction.drop(cause)
      if (!transaction.wrote) return ok()
      const node = await resolve(transaction, token, cause)
      if (node !== null) {
        engine.causality.wrote(node)
        return ok()
      }
      await transaction.recover(new Error(`COMMIT was not carried out: ${cause.message}`, { cause }), 'lost')
    }
  }
}

/** The token, and COMMIT; on another node once more, as long as it surely was not carried out. */
function send(transaction: Repeatable, work: Work, token: Buffer | null): Promise<Answer> {
  const { engine } = transaction.place
  return transaction.attempt(async ({ node, link }) => {
    if (token !== null) {
      await link.run(text(insertToken(engine.tokenTable, token)))
      engine.oldTokens.added()
    }
    try {
      const answer = await link.run(work)
      if (transaction.wrote) engine.causality.wrote(node)
      transaction.leave()
      return answer
    } catch (cause) {
      if (SURELY_NOT.has(failureOf(cause))) throw cause
      engine.cluster.heard(node, cause)
      throw new Sent(cause as Error)
    }
  })
}

/** The node on which it was committed, null where it was not and never will be. @throws UnknownOutcomeError */
async function resolve(transaction: Repeatable, token: Buffer | null, error: Error): Promise<Node | null> {
  if (token === null) throw transaction.unknown('COMMIT', error)
  const { engine, settings } = transaction.place
  const committed = await committedOn(engine.cluster, engine.tokenTable, token, performance.now() + settings.failoverTimeout).catch(() => {
    throw transaction.unknown('COMMIT', error)
  })
  engine.counters.resolvedCommits++
  engine.tell('outcome', { committed: committed !== null, error })
  return committed
}

/** It is over for the application, so it must be for the server. */
function uncommitted(transaction: Repeatable, error: Error): Error {
  if (transaction.ended) return error
  const isMissing = (error as { errno?: number }).errno === 1146
  return transaction.end(error, isMissing ? `the table ${transaction.place.engine.tokenTable}, which exactlyOnce needs, is missing (pool.createTokenTable() makes it)` : error.message)
}
