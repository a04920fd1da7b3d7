import { GaleraClientError, ReplayMismatchError, RolledBackError, type SqlError, UnknownOutcomeError } from '../errors.ts'
import { type Failure, failureOf } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Engine } from '../engine.ts'
import type { Node } from '../nodes/node.ts'
import type { Settings } from '../options.ts'
import type { Statement } from '../sql/statement.ts'
import { backoff } from './backoff.ts'
import { committedOn, insertToken, newToken } from './commit-token.ts'
import { type Entry, History } from './history.ts'
import { later } from './later.ts'
import { keepAnswer, keepError, NotChosen, runEntry, runRecorded, text } from './recorded.ts'

/** What COMMIT and its like answer, where no server was asked. */
export const OK: Answer = { rows: { fieldCount: 0, affectedRows: 0, insertId: 0, info: '', serverStatus: 2, warningStatus: 0, changedRows: 0 }, fields: undefined }

const CHANGES: ReadonlySet<Statement['kind']> = new Set(['write', 'opaque', 'ddl', 'set'])
const ORDINARY: ReadonlySet<Statement['kind']> = new Set(['read', 'write', 'last', 'savepoint'])

/** Whose transaction it is. */
export interface Place {
  readonly engine: Engine
  readonly settings: Settings
  readonly bind: (what: 'read' | 'write') => Promise<Taken>
  readonly unbind: (taken: Taken) => void
}

/**
 * One transaction, from BEGIN to its end. It gets its connection with its first statement, and keeps it. Where the node is lost, or another
 * transaction came first, it is repeated: every answer must be what the application was told before.
 */
export class Transaction {
  readonly #session: Place
  readonly #history: History
  readonly #before: readonly Work[]
  readonly #begin: Work
  /** May it stay on another node than the writer to its end? */
  readonly #readOnly: boolean
  #taken: Taken | null = null
  #on: 'read' | 'write'
  #wrote = false
  #replays = 0
  /** Statements that were answered: as long as there are none, nothing was told that could differ. */
  #answered = 0
  /** It has failed for good. */
  ended = false

  /** A statement in it may have committed what was done until then. */
  #opaque = false

  /** `before`: SET TRANSACTION. `spoilt`: why it can't be repeated, known from the beginning. */
  constructor(session: Place, begin: Work, how: Statement['begin'], before: readonly Work[], spoilt: string | null) {
    this.#session = session
    this.#before = before
    this.#begin = begin
    this.#readOnly = how?.readOnly ?? false
    this.#history = new History(session.settings)
    // Without a history it could not move to the writer.
    this.#on = this.#readOnly || (session.settings.optimisticTransactions && session.settings.replay && spoilt === null) ? 'read' : 'write'
    if (!session.settings.replay) this.#history.spoil('replay is off')
    if (spoilt !== null) this.#history.spoil(spoilt)
  }

  /** Its connection; null where it has none. */
  get taken(): Taken | null {
    return this.#taken
  }

  /** Of a statement before the end. Rejects with its error, RolledBackError or ReplayMismatchError. */
  async run(work: Work, statement: Statement): Promise<Answer> {
    if (this.#moves(statement)) await this.#move()
    const spoils = spoiltBy(statement, this.#wrote)
    if (spoils !== null) {
      await this.open()
      this.#history.spoil(spoils)
    }
    return this.#attempt(async ({ link }) => {
      if (CHANGES.has(statement.kind) && !this.#readOnly) this.#wrote = true
      if (statement.kind === 'opaque') this.#opaque = true
      const answer = await runRecorded(link, this.#history, work, statement).catch((error) => {
        if (failureOf(error) === 'statement') this.#answered++
        throw error
      })
      this.#answered++
      return answer
    })
  }

  /** The same where nothing has to be waited for: without a promise, unless it fails. @returns whether it was such a one */
  runNow(work: Work, statement: Statement, done: Answered): boolean {
    const taken = this.#taken
    if (taken === null || taken.link.dead !== null || statement.pin !== null || statement.time || statement.lastId || !ORDINARY.has(statement.kind) || this.#moves(statement)) return false
    if (statement.kind === 'write' && !this.#readOnly) this.#wrote = true
    let sent = work.options.sql
    const end: Answered = (error, rows, fields) => {
      if (error === null) {
        keepAnswer(this.#history, work, statement, sent, rows)
        this.#answered++
        return done(null, rows, fields)
      }
      later(this.#goOn(work, sent, statement, error), done)
    }
    try {
      sent = taken.link.send(work, end)
    } catch (error) {
      end(error as SqlError, undefined)
    }
    return true
  }

  /** After a first try that failed so. */
  async #goOn(work: Work, sent: string, statement: Statement, error: SqlError): Promise<Answer> {
    const failure = failureOf(error)
    if (failure === 'statement') {
      keepError(this.#history, work, sent, error)
      this.#answered++
      throw error
    }
    await this.#recover(error, failure)
    return this.run(work, statement)
  }

  #moves({ kind }: Statement): boolean {
    return this.#on === 'read' && !this.#readOnly && kind !== 'read' && kind !== 'savepoint'
  }

  /** It has its connection from now on. */
  async open(): Promise<void> {
    await this.#attempt(async () => OK)
  }

  /** Rejects with UnknownOutcomeError, RolledBackError or ReplayMismatchError; but for the first nothing of it is in the database. */
  async commit(work: Work): Promise<Answer> {
    if (this.#taken === null && this.#answered === 0) return OK
    const { engine, settings } = this.#session
    for (;;) {
      const token = settings.exactlyOnce && this.#wrote ? newToken() : null
      let sent = false
      let error: Error
      try {
        return await this.#attempt(async ({ node, link }) => {
          if (token !== null) await link.run({ protocol: 'execute', options: { sql: insertToken(engine.tokenTable), values: [token] } })
          sent = true
          try {
            const answer = await link.run(work)
            if (this.#wrote) engine.causality.wrote(node)
            this.#leave()
            return answer
          } catch (cause) {
            if (SURELY_NOT.has(failureOf(cause))) {
              sent = false
              throw cause
            }
            engine.cluster.heard(node, cause)
            throw new Sent(cause as Error)
          }
        })
      } catch (cause) {
        if (!sent || !(cause instanceof Sent)) throw this.#uncommitted(cause as Error)
        error = cause.cause
      }
      // From here on its connection is gone.
      this.#drop(error)
      if (!this.#wrote) return OK
      const node = await this.#resolve(token, error)
      if (node !== null) {
        engine.causality.wrote(node)
        return OK
      }
      await this.#recover(new Error(`COMMIT was not carried out: ${error.message}`, { cause: error }), 'lost')
    }
  }

  /** Never rejects: what can't be reached is rolled back by its server. */
  async rollback(work: Work): Promise<Answer> {
    const taken = this.#taken
    if (taken === null) return OK
    try {
      return await taken.link.run(work)
    } catch (error) {
      taken.link.kill(error as Error)
      return OK
    } finally {
      this.#leave()
    }
  }

  /** Its connection, for what can't be repeated. */
  async link(why: string): Promise<Taken> {
    if (this.#on === 'read' && !this.#readOnly) await this.#move()
    await this.open()
    this.#history.spoil(why)
    this.#answered++
    if (!this.#readOnly) this.#wrote = true
    return this.#taken as Taken
  }

  /** Whoever had its connection met this: is the transaction over? */
  async failed(error: Error): Promise<Error> {
    const failure = failureOf(error)
    try {
      if (failure !== 'statement') await this.#recover(error, failure)
      return error
    } catch (end) {
      return end as Error
    }
  }

  async #resolve(token: Buffer | null, error: Error): Promise<Node | null> {
    const { engine, settings } = this.#session
    if (token !== null) {
      const committed = await committedOn(engine.cluster, engine.tokenTable, token, performance.now() + settings.failoverTimeout).catch(() => {
        throw this.#unknown('COMMIT', error)
      })
      engine.counters.resolvedCommits++
      engine.tell('outcome', { committed: committed !== null, error })
      return committed
    }
    throw this.#unknown('COMMIT', error)
  }

  /** It is over for the application, so it must be for the server. */
  #uncommitted(error: Error): Error {
    if (this.ended) return error
    const missing = (error as { errno?: number }).errno === 1146 ? `the table ${this.#session.engine.tokenTable}, which exactlyOnce needs, is missing (pool.createTokenTable() makes it)` : error.message
    return this.#end(error, missing)
  }

  #unknown(what: string, error: Error): UnknownOutcomeError {
    const { engine } = this.#session
    engine.counters.unknownOutcomes++
    engine.tell('outcome', { committed: null, error })
    if (this.#taken !== null) engine.causality.wrote(this.#taken.node)
    this.ended = true
    this.#drop(error)
    return new UnknownOutcomeError(what, error)
  }

  /** Does `work` on the transaction's connection, and once more on another as long as it can be repeated. */
  async #attempt(work: (taken: Taken) => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        if (this.#taken !== null && this.#taken.link.dead !== null) await this.#recover(this.#taken.link.dead, 'lost')
        return await work(this.#taken ?? (await this.#restore()))
      } catch (error) {
        if (error instanceof Sent) throw error
        // Nobody takes it: what was done before is rolled back by now.
        if (error instanceof GaleraClientError) throw this.ended || this.#answered === 0 ? error : this.#end(error)
        const failure = failureOf(error)
        if (failure === 'statement') throw error
        await this.#recover(error as Error, failure)
      }
    }
  }

  /** Makes ready for another try. Throws where there can be none. */
  async #recover(error: Error, failure: Failure): Promise<void> {
    const { engine, settings } = this.#session
    const node = this.#taken?.node
    if (node !== undefined) engine.cluster.heard(node, error)
    // The application's own limit.
    if ((error as SqlError).code === 'PROTOCOL_SEQUENCE_TIMEOUT' || this.#opaque) throw this.#end(error)
    // The server has rolled it back, and would commit what comes next by itself.
    if (failure === 'conflict') await this.rollback(text('ROLLBACK'))
    else this.#drop(error)
    if (this.#history.spoilt !== null && this.#answered > 0) throw this.#end(error, `${error.message}; it is not repeated, since ${this.#history.spoilt}`)
    if (this.#replays >= settings.replays) throw this.#end(error, `${error.message}; it was repeated ${this.#replays} times (replays)`)
    this.#replays++
    engine.counters.replays++
    if (failure === 'conflict') engine.counters.conflicts++
    engine.tell('replay', { from: node?.name ?? '', statements: this.#history.entries.length, error })
    await backoff(failure === 'conflict' ? this.#replays : this.#replays - 1)
  }

  #end(error: Error, why = error.message): RolledBackError | UnknownOutcomeError {
    if (this.#opaque) return this.#unknown('a transaction with a statement that may commit by itself', error)
    this.#drop(error)
    this.ended = true
    return new RolledBackError(why, error)
  }

  /** A connection, BEGIN, and all that was done before. */
  async #restore(): Promise<Taken> {
    if (this.#history.spoilt !== null && this.#answered > 0) throw this.#end(new Error(`it can't be repeated, since ${this.#history.spoilt}`))
    const taken = await this.#session.bind(this.#on)
    this.#taken = taken
    try {
      for (const work of this.#before) await taken.link.run(work)
      await taken.link.run(this.#begin)
      for (const [at, entry] of this.#history.entries.entries()) await this.#again(taken, entry, at)
    } catch (error) {
      // What comes next must not take it for open.
      if (failureOf(error) === 'statement') this.#drop(error as Error)
      throw error
    }
    return taken
  }

  async #again({ link }: Taken, entry: Entry, at: number): Promise<void> {
    const told = await runEntry(link, entry).catch((error) => {
      if (!(error instanceof NotChosen)) throw error
      // Without the connection that now has an id to give; and then without asking for one.
      this.#history.entries[at] = { ...entry, insertId: null }
      link.kill(error)
      throw Object.assign(new Error('the id was not the server\'s choice'), { code: 'PROTOCOL_CONNECTION_LOST' })
    })
    if (told === entry.told) return
    this.#session.engine.counters.mismatches++
    await link.run(text('ROLLBACK')).catch((error) => link.kill(error as Error))
    this.#leave()
    this.ended = true
    throw new ReplayMismatchError(at + 1, entry.work.options.sql, 'has another result there')
  }

  /** To the writer, with its first write. */
  async #move(): Promise<void> {
    if (this.#taken !== null) await this.rollback(text('ROLLBACK'))
    this.#on = 'write'
  }

  /** Its connection is free for what comes next. */
  #leave(): void {
    if (this.#taken !== null) this.#session.unbind(this.#taken)
    this.#taken = null
  }

  #drop(reason: Error): void {
    this.#taken?.link.kill(reason)
    this.#leave()
  }
}

/** COMMIT was sent, and its answer is missing. */
class Sent extends Error {
  override readonly cause: Error

  constructor(cause: Error) {
    super(cause.message)
    this.cause = cause
  }
}

/** After these COMMIT was not carried out; after any other it may have been. */
const SURELY_NOT: ReadonlySet<Failure> = new Set(['conflict', 'refused', 'read-only'])

/** Why a transaction can't be repeated with it. */
function spoiltBy({ kind, pin, lastId }: Statement, wrote: boolean): string | null {
  if (kind === 'opaque') return 'a statement in it may do anything'
  if (pin !== null) return `a ${pin} is of its connection`
  return lastId && !wrote ? 'it asks for an id that was given before it' : null
}
