import type { GaleraClientError, SqlError } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Statement } from '../sql/statement.ts'
import { commit } from './commit.ts'
import { later } from './later.ts'
import { ok } from './ok.ts'
import { insertIdOf, keepAnswer, keepError, runRecorded } from './recorded.ts'
import { type Place, Repeatable } from './repeatable.ts'

const CHANGES: ReadonlySet<Statement['kind']> = new Set(['write', 'opaque', 'ddl', 'set'])
const ORDINARY: ReadonlySet<Statement['kind']> = new Set(['read', 'write', 'last', 'savepoint'])

/**
 * One transaction, from BEGIN to its end. It gets its connection with its first statement, and keeps it. Where the node is lost, or another
 * transaction came first, it is repeated.
 */
export class Transaction {
  readonly #done: Repeatable
  /** May it stay on another node than the writer to its end? */
  readonly #readOnly: boolean
  /** The server chose an id in it, which LAST_INSERT_ID() tells also after a repetition. */
  #inserted = false

  /** `before`: SET TRANSACTION. `spoilt`: why it can't be repeated, known from the beginning. */
  constructor(place: Place, begin: Work, how: Statement['begin'], before: readonly Work[], spoilt: string | null) {
    const { replay, optimisticTransactions } = place.settings
    this.#readOnly = how?.readOnly ?? false
    // Without a history it could not move to the writer.
    const on = this.#readOnly || (optimisticTransactions && replay && spoilt === null) ? 'read' : 'write'
    this.#done = new Repeatable(place, before, begin, on)
    if (!replay) this.#done.history.spoil('replay is off')
    if (spoilt !== null) this.#done.history.spoil(spoilt)
  }

  /** Its connection; null where it has none. */
  get taken(): Taken | null {
    return this.#done.taken
  }

  get inserted(): boolean {
    return this.#inserted
  }

  /** It has failed for good. */
  get ended(): boolean {
    return this.#done.ended
  }

  /** Of a statement before the end. Rejects with its error, RolledBackError or ReplayMismatchError. */
  async run(work: Work, statement: Statement): Promise<Answer> {
    const done = this.#done
    if (this.moves(statement)) await done.move()
    const spoils = spoiltBy(statement, this.#inserted)
    if (spoils !== null) {
      await done.open()
      done.history.spoil(spoils)
    }
    return done.attempt(async ({ link }) => {
      if (CHANGES.has(statement.kind) && !this.#readOnly) done.wrote = true
      if (statement.kind === 'opaque') done.opaque = link.tainted = true
      const answer = await runRecorded(link, done.history, work, statement).catch((error) => {
        if (failureOf(error) === 'statement') done.answered++
        // The connection that is asked once more may take what it gave in vain for the last.
        else if (statement.lastId && statement.givesId) done.place.lastId.gave(null)
        throw error
      })
      done.answered++
      this.#note(statement, answer.rows)
      return answer
    })
  }

  /** The same where nothing has to be waited for: without a promise, unless it fails. @returns whether it was such a one */
  runNow(work: Work, statement: Statement, answered: Answered): boolean {
    const done = this.#done
    const { taken } = done
    if (taken === null || taken.link.dead !== null || statement.pin !== null || statement.time || statement.lastId || !ORDINARY.has(statement.kind) || this.moves(statement)) return false
    if (statement.kind === 'write' && !this.#readOnly) done.wrote = true
    let sent = work.options.sql
    const end: Answered = (error, rows, fields) => {
      if (error === null) {
        keepAnswer(done.history, work, statement, sent, rows)
        done.answered++
        this.#note(statement, rows)
        return answered(null, rows, fields)
      }
      later(this.#goOn(work, sent, statement, error), answered)
    }
    try {
      sent = taken.link.send(work, end)
    } catch (error) {
      end(error as SqlError, undefined)
    }
    return true
  }

  async open(): Promise<void> {
    await this.#done.open()
  }

  commit(work: Work): Promise<Answer> {
    return commit(this.#done, work)
  }

  /** Never rejects. */
  async rollback(work: Work): Promise<Answer> {
    return (await this.#done.rollback(work)) ?? ok()
  }

  /** Its connection, for what can't be repeated. */
  async link(why: string): Promise<Taken> {
    const done = this.#done
    if (done.on === 'read' && !this.#readOnly) await done.move()
    const taken = await done.open()
    done.history.spoil(why)
    done.answered++
    if (!this.#readOnly) done.wrote = true
    return taken
  }

  /** What it would need is lost. @returns what to tell */
  giveUp(error: GaleraClientError): Error {
    return this.#done.end(error, error.what)
  }

  /** Whoever had its connection met this: is the transaction over? */
  async failed(error: Error): Promise<Error> {
    const failure = failureOf(error)
    try {
      if (failure !== 'statement') await this.#done.recover(error, failure)
      return error
    } catch (end) {
      return end as Error
    }
  }

  /** After a first try that failed so. */
  async #goOn(work: Work, sent: string, statement: Statement, error: SqlError): Promise<Answer> {
    const failure = failureOf(error)
    if (failure === 'statement') {
      keepError(this.#done.history, work, sent, error)
      this.#done.answered++
      throw error
    }
    await this.#done.recover(error, failure)
    return this.run(work, statement)
  }

  #note({ inserts, givesId }: Statement, rows: unknown): void {
    // Of an INSERT only what is given again by a repetition.
    if (inserts ? insertIdOf(rows) !== null : givesId) this.#inserted = true
  }

  /** Whether it goes to the writer for this. */
  moves({ kind }: Statement): boolean {
    return this.#done.on === 'read' && !this.#readOnly && kind !== 'read' && kind !== 'savepoint'
  }
}

/** Why a transaction can't be repeated with it. */
function spoiltBy({ kind, pin, lastId }: Statement, inserted: boolean): string | null {
  if (kind === 'opaque') return 'a statement in it may do anything'
  if (pin !== null) return `a ${pin} is of its connection`
  return lastId && !inserted ? 'it asks for an id that was given before it' : null
}
