import { GaleraClientError, LostSessionError, ReplayMismatchError, RolledBackError, UnknownOutcomeError } from '../errors.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import { statementOf } from '../sql/classified.ts'
import { type Statement, statement as plain } from '../sql/statement.ts'
import { failureOf } from '../failure.ts'
import { backoff, untilReady } from './backoff.ts'
import { Bound } from './bound.ts'
import { kill } from './kill.ts'
import { ok } from './ok.ts'
import { Outside } from './outside.ts'
import { text } from './recorded.ts'
import { Transaction } from './transaction.ts'
import { Turns } from './turns.ts'

/** What one checked-out connection is to the application: statement by statement, in or outside of a transaction. */
export class Session {
  settings: Settings
  readonly #engine: Engine
  readonly #bound: Bound
  readonly #turns = new Turns()
  readonly #outside: Outside
  #transaction: Transaction | null = null
  /** After this nothing but the end of the transaction is taken. */
  #failed: Error | null = null
  #autocommit = true
  /** SET TRANSACTION, for the next one. */
  readonly #next: Work[] = []

  constructor(engine: Engine, settings: Settings) {
    this.#engine = engine
    this.settings = settings
    this.#bound = new Bound(engine, () => this.settings, (error) => this.#fail(error))
    this.#outside = new Outside(engine, this.#bound, () => this.settings, (error) => this.#fail(error))
  }

  /** The connection that is used, or was last; null before the first. */
  get last(): Taken | null {
    return this.#bound.last
  }

  /** In the order of the calls. */
  run(work: Work): Promise<Answer> {
    return this.#turns.take(() => this.#perform(work, statementOf(work)))
  }

  /** The same where nothing stands before it and nothing has to be waited for: without a promise. @returns whether it was such a one */
  runNow(work: Work, done: Answered): boolean {
    if (!this.#turns.isFree || this.#failed !== null || this.#bound.pinned !== null) return false
    const statement = statementOf(work)
    if (statement.lastId) return false
    const transaction = this.#transaction
    const end: Answered = (error, rows, fields) => {
      if (transaction?.ended) this.#fail(error as Error)
      if (error === null && statement.givesId) this.#gaveId()
      this.#turns.endNow()
      done(error, rows, fields)
    }
    if (transaction === null) {
      if (this.#mustBegin() || statement.kind !== 'read' || statement.pin !== null) return false
      const taken = this.#bound.readNow()
      if (taken === null) return false
      this.#bound.last = taken
      this.#outside.readNow(taken, work, end)
    } else if (!transaction.runNow(work, statement, end)) return false
    this.#turns.beginNow()
    return true
  }

  /** Rows of a read that go to the application as they come: `send` has the real connection until it resolves, to what went wrong. */
  stream(send: (taken: Taken) => Promise<Error | null>): Promise<void> {
    return this.#turns.take(async () => {
      this.#refuse()
      if (this.#mustBegin()) this.#begin(text('BEGIN'), plain('begin'))
      const taken = this.#transaction === null ? await this.#bound.bind('read') : await this.#guarded((one) => one.link('its rows were streamed'))
      const error = await send(taken)
      if (error !== null) await this.#met(error)
    })
  }

  /** As good as new, in its turn. */
  reset(): Promise<void> {
    return this.#turns.take(async () => {
      await this.#perform(text('ROLLBACK'), plain('rollback'))
      this.release()
    })
  }

  /** Gives all back; what is unfinished is rolled back. */
  release(): void {
    this.#bound.release(this.#transaction !== null)
    this.#transaction = this.#failed = null
    this.#autocommit = true
    this.#next.length = 0
  }

  /** What is under way fails, and what waits is not sent. */
  destroy(): void {
    this.#bound.destroy()
    this.release()
  }

  async #perform(work: Work, statement: Statement): Promise<Answer> {
    this.#bound.requireOpen()
    if (statement.kind === 'rollback') this.#failed = null
    this.#refuse()
    switch (statement.kind) {
      case 'rollback':
        return this.#end((transaction) => transaction.rollback(work), async () => (this.#bound.isPinLost ? this.#nothingOpen() : this.#outside.onPinned(work, 'last')))
      case 'commit':
        return this.#end((transaction) => transaction.commit(work), () => this.#outside.onPinned(work, 'write'))
      case 'begin':
        await this.#end((transaction) => transaction.commit(text('COMMIT')), async () => (this.#bound.mayBeOpen ? this.#outside.onPinned(text('COMMIT'), 'write') : ok()))
        this.#begin(work, statement)
        if (statement.begin?.snapshot === true) await this.#guarded((transaction) => transaction.open())
        return ok()
      case 'autocommit-on':
      case 'autocommit-off':
        return this.#setAutocommit(statement.kind === 'autocommit-on', work)
      case 'set-transaction':
        this.#next.push(work)
        return ok()
      case 'ddl':
        await this.#commit()
        return this.#alone(work, statement)
      case 'set':
        return this.#set(work)
      case 'kill':
        return kill(this.#engine.cluster, this.last, work)
      case 'read':
      case 'last':
      case 'write':
      case 'opaque':
      case 'savepoint':
        return this.#ordinary(work, statement)
      default:
        return statement.kind satisfies never
    }
  }

  async #ordinary(work: Work, statement: Statement): Promise<Answer> {
    if (this.#mustBegin()) this.#begin(text('BEGIN'), plain('begin'))
    this.#askId(statement)
    try {
      return await (this.#transaction === null ? this.#alone(work, statement) : this.#within(work, statement))
    } finally {
      this.#bound.lastId.asked = false
    }
  }

  /** Within a transaction. */
  #within(work: Work, statement: Statement): Promise<Answer> {
    return this.#guarded(async (transaction) => {
      const answer = await transaction.run(work, statement)
      if (statement.pin !== null && transaction.taken !== null) this.#bound.pinTo(transaction.taken, statement.pin)
      if (statement.givesId) this.#gaveId()
      return answer
    })
  }

  /** Outside of a transaction. */
  async #alone(work: Work, statement: Statement): Promise<Answer> {
    if (statement.pin !== null) {
      this.#bound.pinTo(await this.#bound.bind('write'), statement.pin)
      if (!this.#autocommit && !this.#bound.serverBegins) await this.#tellAutocommit(text('SET autocommit = 0'))
    }
    const once = this.settings.exactlyOnce && statement.kind === 'write' && this.#bound.pinned === null
    try {
      const answer = await (once ? this.#exactlyOnce(work, statement) : this.#outside.run(work, statement))
      if (statement.givesId) this.#gaveId()
      return answer
    } catch (error) {
      // It may have been given one that nobody was told.
      if (statement.givesId && error instanceof UnknownOutcomeError) this.#bound.lastId.gave(null)
      throw error
    }
  }

  /** A statement of its own becomes a transaction, so that its outcome can be found out. Nobody was told anything of it: it begins anew where it was rolled back. */
  async #exactlyOnce(work: Work, statement: Statement): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      this.#begin(text('BEGIN'), plain('begin'))
      try {
        const answer = await this.#guarded((transaction) => transaction.run(work, statement))
        await this.#commit()
        return answer
      } catch (error) {
        this.#failed = null
        await this.#end((transaction) => transaction.rollback(text('ROLLBACK')))
        if ((error as Error).cause instanceof LostSessionError) throw (error as Error).cause
        const isNothing = error instanceof RolledBackError || error instanceof ReplayMismatchError
        if (!isNothing || attempt >= this.settings.replays) throw error
        await backoff(attempt)
      }
    }
  }

  /** What says how the session is to be may be said twice. */
  async #set(work: Work): Promise<Answer> {
    const deadline = performance.now() + this.settings.failoverTimeout
    for (let attempt = 0; ; attempt++) {
      const inTransaction = this.#transaction !== null
      const taken = inTransaction ? await this.#guarded((one) => one.link('the session was changed in it')) : await this.#bound.bind('read')
      try {
        return await this.#bound.set(taken, work)
      } catch (error) {
        if (inTransaction) throw await this.#met(error as Error)
        if (failureOf(error) === 'statement') throw error
        this.#engine.cluster.heard(taken.node, error)
        if (performance.now() >= deadline) throw error
        await untilReady(attempt)
      }
    }
  }

  /** Only where it was off does it end a transaction. */
  async #setAutocommit(on: boolean, work: Work): Promise<Answer> {
    const was = this.#autocommit
    this.#autocommit = on
    try {
      const committed = on && !was ? await this.#commit() : ok()
      return this.#bound.pinned !== null && this.#transaction === null ? await this.#tellAutocommit(work) : committed
    } catch (error) {
      this.#autocommit = was
      throw error
    }
  }

  /** To the server itself, on the connection that all is pinned to: what was not understood may have changed it there. */
  async #tellAutocommit(work: Work): Promise<Answer> {
    const bound = this.#bound
    const answer = await this.#outside.onPinned(work, this.#autocommit ? 'write' : 'opaque')
    bound.serverBegins = !this.#autocommit
    return answer
  }

  #gaveId(): void {
    this.#bound.lastId.gave(this.#bound.write?.link ?? null)
  }

  /** ROLLBACK of what is gone. What all was pinned to is told as lost with the next statement. */
  #nothingOpen(): Answer {
    this.#bound.mayBeOpen = this.#bound.serverBegins = false
    return ok()
  }

  /** Whether autocommit is off and nothing has begun yet. What the server begins, our BEGIN would commit, and give its locked tables free. */
  #mustBegin(): boolean {
    return this.#transaction === null && !this.#autocommit && !this.#bound.serverBegins
  }

  #begin(work: Work, { begin }: Statement): void {
    this.#engine.counters.transactions++
    const { pinned } = this.#bound
    const place = { engine: this.#engine, settings: this.settings, bind: (what: 'read' | 'write') => this.#bound.bind(what), unbind: (taken: Taken) => this.#bound.unbind(taken) }
    this.#transaction = new Transaction(place, work, begin, this.#next.splice(0), pinned === null ? null : `the ${pinned} of this session is of its connection`)
  }

  #commit(): Promise<Answer> {
    return this.#end((transaction) => transaction.commit(text('COMMIT')))
  }

  /** The transaction's end, whatever comes of it. `orPinned`: of what a statement that was not understood may have begun on the pinned connection. */
  async #end(how: (transaction: Transaction) => Promise<Answer>, orPinned = async () => ok()): Promise<Answer> {
    const transaction = this.#transaction
    if (transaction === null) return this.#bound.pinned === null ? ok() : orPinned()
    try {
      const answer = await how(transaction)
      if (transaction.inserted) this.#gaveId()
      return answer
    } finally {
      this.#transaction = null
    }
  }

  async #guarded<Value>(work: (transaction: Transaction) => Promise<Value>): Promise<Value> {
    const transaction = this.#transaction as Transaction
    try {
      return await work(transaction)
    } catch (error) {
      if (transaction.ended) this.#fail(error as Error)
      throw error
    }
  }

  /** What a connection of the transaction's met: it may be the transaction's end. @returns what to tell */
  async #met(error: Error): Promise<Error> {
    const transaction = this.#transaction
    if (transaction === null) return error
    const end = await transaction.failed(error)
    if (transaction.ended) this.#fail(end)
    return end
  }

  #fail(error: Error): void {
    this.#failed = error
    this.#transaction = null
  }

  /** After a failure the application has to end the transaction itself: what it sends next belongs to what was rolled back. */
  #refuse(): void {
    const failed = this.#failed
    if (failed === null) return
    // Nobody may take it for rolled back, whoever has swallowed it.
    if (failed instanceof UnknownOutcomeError) throw failed
    throw new RolledBackError(`${failed instanceof GaleraClientError ? failed.what : failed.message}; nothing is taken before ROLLBACK`, failed)
  }

  /** Whoever is bound for it must know the last id. @throws RolledBackError where the transaction's connection does not */
  #askId({ lastId }: Statement): void {
    const transaction = this.#transaction
    const known = this.#bound.lastId
    known.asked = lastId && transaction?.inserted !== true
    const taken = transaction?.taken ?? null
    if (transaction === null || taken === null || taken.link.dead !== null) return
    try {
      known.require(taken.link)
    } catch (lost) {
      const error = transaction.giveUp(lost as LostSessionError)
      this.#fail(error)
      throw error
    }
  }
}
