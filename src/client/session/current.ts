import { GaleraClientError, type LostSessionError, RolledBackError, UnknownOutcomeError } from '../errors.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import type { Statement } from '../sql/statement.ts'
import type { Bound } from './bound.ts'
import { ok } from './ok.ts'
import { text } from './recorded.ts'
import { Transaction } from './transaction.ts'

/** The transaction that a session has open, if any, and what became of one that failed. */
export class Current {
  readonly #engine: Engine
  readonly #bound: Bound
  readonly #settings: () => Settings
  #open: Transaction | null = null
  /** After this nothing but the end of the transaction is taken. */
  #failed: Error | null = null
  /** SET TRANSACTION, for the next one. */
  readonly #next: Work[] = []

  constructor(engine: Engine, bound: Bound, settings: () => Settings) {
    this.#engine = engine
    this.#bound = bound
    this.#settings = settings
  }

  get open(): Transaction | null {
    return this.#open
  }

  get hasFailed(): boolean {
    return this.#failed !== null
  }

  /** SET TRANSACTION. */
  prepare(work: Work): void {
    this.#next.push(work)
  }

  begin(work: Work, { begin }: Statement): void {
    this.#engine.counters.transactions++
    const { pinned } = this.#bound
    const place = { engine: this.#engine, settings: this.#settings(), bind: (what: 'read' | 'write') => this.#bound.bind(what), unbind: (taken: Taken) => this.#bound.unbind(taken), lastId: this.#bound.lastId }
    this.#open = new Transaction(place, work, begin, this.#next.splice(0), pinned === null ? null : `the ${pinned} of this session is of its connection`)
  }

  commit(): Promise<Answer> {
    return this.end((transaction) => transaction.commit(text('COMMIT')))
  }

  /** The transaction's end, whatever comes of it. `orPinned`: of what a statement that was not understood may have begun on the pinned connection. */
  async end(how: (transaction: Transaction) => Promise<Answer>, orPinned = async () => ok()): Promise<Answer> {
    const transaction = this.#open
    if (transaction === null) return this.#bound.pinned === null ? ok() : orPinned()
    try {
      const answer = await how(transaction)
      if (transaction.inserted) this.#bound.lastId.gave(this.#bound.write?.link ?? null)
      return answer
    } finally {
      this.#open = null
    }
  }

  /** Something within it, which may be its end. */
  async within<Value>(work: (transaction: Transaction) => Promise<Value>): Promise<Value> {
    const transaction = this.#open as Transaction
    try {
      return await work(transaction)
    } catch (error) {
      if (transaction.ended) this.fail(error as Error)
      throw error
    }
  }

  /** What a connection of the transaction's met: it may be the transaction's end. @returns what to tell */
  async met(error: Error): Promise<Error> {
    const transaction = this.#open
    if (transaction === null) return error
    const end = await transaction.failed(error)
    if (transaction.ended) this.fail(end)
    return end
  }

  /** It is over, and the application does not know it yet. */
  fail(error: Error): void {
    this.#failed = error
    this.#open = null
  }

  /** The application knows. */
  forgive(): void {
    this.#failed = null
  }

  /** After a failure the application has to end the transaction itself: what it sends next belongs to what was rolled back. */
  refuse(): void {
    const failed = this.#failed
    if (failed === null) return
    // Nobody may take it for rolled back, whoever has swallowed it.
    if (failed instanceof UnknownOutcomeError) throw failed
    throw new RolledBackError(`${failed instanceof GaleraClientError ? failed.what : failed.message}; nothing is taken before ROLLBACK`, failed)
  }

  /** Whoever is bound for this statement must know the last id, where it asks for it. @throws RolledBackError where the transaction's connection does not */
  askId(statement: Statement): void {
    const transaction = this.#open
    const known = this.#bound.lastId
    known.asked = statement.lastId && transaction?.inserted !== true
    const taken = transaction?.taken ?? null
    if (transaction === null || taken === null || taken.link.dead !== null || transaction.moves(statement)) return
    try {
      known.require(taken.link)
    } catch (lost) {
      const error = transaction.giveUp(lost as LostSessionError)
      this.fail(error)
      throw error
    }
  }

  /** The session begins anew. */
  clear(): void {
    this.#open = this.#failed = null
    this.#next.length = 0
  }
}
