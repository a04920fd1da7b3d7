import { LostSessionError, ReplayMismatchError, RolledBackError, UnknownOutcomeError } from '../errors.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import { statementOf } from '../sql/classified.ts'
import { type Statement, statement as plain } from '../sql/statement.ts'
import { failureOf, isOwnLimit } from '../failure.ts'
import { overLimit } from './autocommit.ts'
import { backoff, untilReady } from './backoff.ts'
import { Bound } from './bound.ts'
import { Current } from './current.ts'
import { kill } from './kill.ts'
import { ok } from './ok.ts'
import { Outside } from './outside.ts'
import { text } from './recorded.ts'
import { Turns } from './turns.ts'

/** What one checked-out connection is to the application: statement by statement, in or outside of a transaction. */
export class Session {
  settings: Settings
  readonly #engine: Engine
  readonly #bound: Bound
  readonly #turns = new Turns()
  readonly #outside: Outside
  readonly #current: Current
  #autocommit = true

  constructor(engine: Engine, given: Settings) {
    this.#engine = engine
    this.settings = given
    const settings = () => this.settings
    const fail = (error: Error) => this.#current.fail(error)
    this.#bound = new Bound(engine, settings, fail)
    this.#current = new Current(engine, this.#bound, settings)
    this.#outside = new Outside(engine, this.#bound, settings, fail)
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
    if (!this.#turns.isFree || this.#current.hasFailed || this.#bound.pinned !== null) return false
    const statement = statementOf(work)
    if (statement.lastId) return false
    const transaction = this.#current.open
    const end: Answered = (error, rows, fields) => {
      if (transaction?.ended) this.#current.fail(error as Error)
      if (error === null && statement.givesId) this.#bound.gaveId(statement, rows)
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
      this.#current.refuse()
      if (this.#current.open === null) await this.#outside.settle()
      if (this.#mustBegin()) this.#current.begin(text('BEGIN'), plain('begin'))
      const taken = this.#current.open === null ? await this.#bound.bind('read') : await this.#current.within((one) => one.link('its rows were streamed'))
      const error = await send(taken)
      if (error !== null) await this.#current.met(error)
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
    this.#bound.release(this.#current.open !== null)
    this.#current.clear()
    this.#autocommit = true
  }

  /** What is under way fails, and what waits is not sent. */
  destroy(): void {
    this.#bound.destroy()
    this.release()
  }

  async #perform(work: Work, statement: Statement): Promise<Answer> {
    this.#bound.requireOpen()
    if (statement.kind === 'rollback') this.#current.forgive()
    this.#current.refuse()
    // What asks for the outcome of the statement before comes right after it.
    if (statement.kind !== 'last' && this.#current.open === null) await this.#outside.settle()
    switch (statement.kind) {
      case 'rollback':
        return this.#current.end((transaction) => transaction.rollback(work), async () => (this.#bound.isPinLost ? this.#nothingOpen() : this.#outside.onPinned(work, 'rollback')))
      case 'commit':
        return this.#current.end((transaction) => transaction.commit(work), () => this.#outside.onPinned(work, 'commit'))
      case 'begin':
        await this.#current.end((transaction) => transaction.commit(text('COMMIT')), async () => (this.#bound.mayBeOpen ? this.#outside.onPinned(text('COMMIT'), 'commit') : ok()))
        this.#current.begin(work, statement)
        if (statement.begin?.snapshot === true) await this.#current.within((transaction) => transaction.open())
        return ok()
      case 'autocommit-on':
      case 'autocommit-off':
        return this.#setAutocommit(statement.kind === 'autocommit-on', work)
      case 'set-transaction':
        if (this.#bound.serverBegins) return this.#outside.onPinned(work, 'last')
        this.#current.prepare(work)
        return ok()
      case 'ddl':
        await this.#current.commit()
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
    if (this.#mustBegin()) this.#current.begin(text('BEGIN'), plain('begin'))
    try {
      this.#current.askId(statement)
      return await (this.#current.open === null ? this.#alone(work, statement) : this.#within(work, statement))
    } finally {
      this.#bound.lastId.asked = false
    }
  }

  /** Within a transaction. */
  #within(work: Work, statement: Statement): Promise<Answer> {
    return this.#current.within(async (transaction) => {
      const answer = await transaction.run(work, statement)
      if (statement.pin !== null && transaction.taken !== null) this.#bound.pinTo(transaction.taken, statement.pin)
      if (statement.givesId) this.#bound.gaveId(statement, answer.rows)
      return answer
    })
  }

  /** Outside of a transaction. */
  async #alone(work: Work, statement: Statement): Promise<Answer> {
    if (statement.pin !== null) {
      this.#bound.pinTo(await this.#bound.bind('write'), statement.pin)
      if (!this.#autocommit && !this.#bound.serverBegins) await this.#tellAutocommit(text('SET autocommit = 0'))
    }
    const once = this.settings.exactlyOnce && statement.kind === 'write' && statement.pin === null && this.#bound.isFreeToBegin
    try {
      const answer = await (once ? this.#exactlyOnce(work, statement) : this.#outside.run(work, statement))
      if (statement.givesId) this.#bound.gaveId(statement, answer.rows)
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
      this.#current.begin(text('BEGIN'), plain('begin'))
      try {
        const answer = await this.#current.within((transaction) => transaction.run(work, statement))
        await this.#current.commit()
        return answer
      } catch (error) {
        this.#current.forgive()
        await this.#current.end((transaction) => transaction.rollback(text('ROLLBACK')))
        const { cause } = error as Error
        if (cause instanceof LostSessionError) throw cause
        if (isOwnLimit(cause)) throw overLimit(work.options, cause)
        const isNothing = error instanceof RolledBackError || error instanceof ReplayMismatchError
        if (!isNothing || attempt >= this.settings.replays) throw error
        // The connection that is asked once more may take what it gave in vain for the last.
        if (statement.lastId && statement.givesId) this.#bound.lastId.gave(null)
        await backoff(attempt)
      }
    }
  }

  /** What says how the session is to be may be said twice. */
  async #set(work: Work): Promise<Answer> {
    const deadline = performance.now() + this.settings.failoverTimeout
    for (let attempt = 0; ; attempt++) {
      const inTransaction = this.#current.open !== null
      const taken = inTransaction ? await this.#current.within((one) => one.link('the session was changed in it')) : await this.#bound.bind('read')
      try {
        return await this.#bound.set(taken, work)
      } catch (error) {
        if (inTransaction) throw await this.#current.met(error as Error)
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
      const committed = on && !was ? await this.#current.commit() : ok()
      return this.#bound.pinned !== null && this.#current.open === null ? await this.#tellAutocommit(work) : committed
    } catch (error) {
      this.#autocommit = was
      throw error
    }
  }

  /** To the server itself, on the connection that all is pinned to: what was not understood may have changed it there. */
  async #tellAutocommit(work: Work): Promise<Answer> {
    const bound = this.#bound
    const answer = await this.#outside.onPinned(work, 'write')
    bound.serverBegins = !this.#autocommit && (bound.pinned === 'lock' || bound.open !== 'no')
    return answer
  }

  /** ROLLBACK of what is gone. What all was pinned to is told as lost with the next statement. */
  #nothingOpen(): Answer {
    this.#bound.nothingOpen()
    return ok()
  }

  /** Whether autocommit is off and nothing has begun yet. What the server begins, our BEGIN would commit, and give its locked tables free. */
  #mustBegin(): boolean {
    return this.#current.open === null && !this.#autocommit && !this.#bound.serverBegins
  }
}
