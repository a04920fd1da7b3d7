import { GaleraClientError, LostSessionError, ReplayMismatchError, RolledBackError, UnknownOutcomeError } from '../errors.ts'
import { type Failure, failureOf, isOwnLimit } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Work } from '../nodes/link.ts'
import type { Engine } from '../engine.ts'
import type { Settings } from '../options.ts'
import { backoff } from './backoff.ts'
import { type Entry, History } from './history.ts'
import type { LastId } from './last-id.ts'
import { runAfterWait } from './once.ts'
import { NotChosen, runEntry, text } from './recorded.ts'

/** Whose transaction it is. */
export interface Place {
  readonly engine: Engine
  readonly settings: Settings
  readonly bind: (what: 'read' | 'write') => Promise<Taken>
  readonly unbind: (taken: Taken) => void
  readonly lastId: LastId
}

/** A failure that `attempt` does not try to mend. */
export abstract class Final extends Error {}

/**
 * What was done since BEGIN, on which connection, and how to come to the same point on another one: every answer must be what the application was
 * told before.
 */
export class Repeatable {
  readonly place: Place
  readonly history: History
  readonly #before: readonly Work[]
  readonly #begin: Work
  #taken: Taken | null = null
  #replays = 0
  /** Which node it needs. */
  on: 'read' | 'write'
  /** It may have changed something. */
  wrote = false
  /** A statement in it may have committed what was done until then. */
  opaque = false
  /** Statements that were answered: as long as there are none, nothing was told that could differ. */
  answered = 0
  /** It has failed for good. */
  ended = false

  /** `before`: SET TRANSACTION. */
  constructor(place: Place, before: readonly Work[], begin: Work, on: 'read' | 'write') {
    this.place = place
    this.#before = before
    this.#begin = begin
    this.on = on
    this.history = new History(place.settings)
  }

  /** Its connection; null where it has none. */
  get taken(): Taken | null {
    return this.#taken
  }

  /** It has its connection from now on. @throws as attempt */
  open(): Promise<Taken> {
    return this.attempt(async (taken) => taken)
  }

  /** Does `work` on its connection, and once more on another as long as it can be repeated. @throws RolledBackError, ReplayMismatchError, UnknownOutcomeError; the statement's own error */
  async attempt<Value>(work: (taken: Taken) => Promise<Value>): Promise<Value> {
    for (;;) {
      try {
        if (this.#taken !== null && this.#taken.link.dead !== null) await this.recover(this.#taken.link.dead, 'lost')
        return await work(this.#taken ?? (await this.#restore()))
      } catch (error) {
        if (error instanceof Final) throw error
        // Once for each id that was the application's own: no other node is to be blamed.
        if (error instanceof NotChosen) continue
        if (error instanceof GaleraClientError) throw this.#over(error)
        const failure = failureOf(error)
        if (failure === 'statement') throw error
        await this.recover(error as Error, failure)
      }
    }
  }

  /** Makes ready for another try. @throws where there can be none */
  async recover(error: Error, failure: Failure): Promise<void> {
    const { engine, settings } = this.place
    const node = this.#taken?.node
    if (node !== undefined) engine.cluster.heard(node, error)
    // The application's own limit.
    if (isOwnLimit(error) || this.opaque) throw this.end(error)
    // The server has rolled it back, and would commit what comes next by itself.
    if (failure === 'conflict') await this.rollback(text('ROLLBACK'))
    else this.drop(error)
    if (this.#isStuck) throw this.end(error, `${error.message}; it is not repeated, since ${this.history.spoilt}`)
    if (this.#replays >= settings.replays) throw this.end(error, `${error.message}; it was repeated ${this.#replays} times (replays)`)
    this.#replays++
    engine.counters.replays++
    if (failure === 'conflict') engine.counters.conflicts++
    engine.tell('replay', { from: node?.name ?? '', statements: this.history.entries.length, error })
    await backoff(failure === 'conflict' ? this.#replays : this.#replays - 1)
  }

  /** Never rejects: what can't be reached is rolled back by its server. */
  async rollback(work: Work): Promise<Answer | null> {
    const taken = this.#taken
    if (taken === null) return null
    // It may have committed what is now rolled back.
    if (this.opaque) this.place.engine.causality.wrote(taken.node)
    try {
      return await taken.link.run(work)
    } catch (error) {
      taken.link.kill(error as Error)
      return null
    } finally {
      this.leave()
    }
  }

  /** To the writer, where all is done once more with what comes next. */
  async move(): Promise<void> {
    await this.rollback(text('ROLLBACK'))
    this.on = 'write'
  }

  /** It is over, and nothing of it is in the database, as far as that can be said. */
  end(error: Error, why = error.message): RolledBackError | UnknownOutcomeError {
    if (this.opaque) return this.unknown('a transaction with a statement that may commit by itself', error)
    this.drop(error)
    this.ended = true
    return new RolledBackError(why, error)
  }

  /** It is over, and nobody knows how. */
  unknown(what: string, error: Error): UnknownOutcomeError {
    const { engine } = this.place
    engine.counters.unknownOutcomes++
    engine.tell('outcome', { committed: null, error })
    if (this.#taken !== null) engine.causality.wrote(this.#taken.node)
    this.ended = true
    this.drop(error)
    return new UnknownOutcomeError(what, error)
  }

  /** Its connection is free for what comes next. */
  leave(): void {
    if (this.#taken !== null) this.place.unbind(this.#taken)
    this.#taken = null
  }

  drop(reason: Error): void {
    this.#taken?.link.kill(reason)
    this.leave()
  }

  /** Nobody takes it, or what it was pinned to is gone: what was done before is rolled back by now. */
  #over(error: GaleraClientError): GaleraClientError {
    if (this.ended) return error
    return error instanceof LostSessionError || this.answered > 0 ? this.end(error, error.what) : error
  }

  get #isStuck(): boolean {
    return this.history.spoilt !== null && this.answered > 0
  }

  /** A connection, BEGIN, and all that was done before. */
  async #restore(): Promise<Taken> {
    if (this.#isStuck) throw this.end(new Error(`it can't be repeated, since ${this.history.spoilt}`))
    const taken = await this.place.bind(this.on)
    this.#taken = taken
    try {
      for (const work of this.#before) await taken.link.run(work)
      await runAfterWait(taken.link, this.#begin, performance.now() + this.place.settings.failoverTimeout)
      for (const [at, entry] of this.history.entries.entries()) await this.#again(taken, entry, at)
    } catch (error) {
      // What comes next must not take it for open.
      if (failureOf(error) === 'statement') this.drop(error as Error)
      throw error
    }
    return taken
  }

  async #again({ link }: Taken, entry: Entry, at: number): Promise<void> {
    const told = await runEntry(link, entry).catch((error) => {
      if (!(error instanceof NotChosen)) throw error
      // Without the connection that now has an id to give; and then without asking for one.
      this.history.entries[at] = { ...entry, insertId: null }
      this.drop(error)
      throw error
    })
    if (told === entry.told) return
    this.place.engine.counters.mismatches++
    await this.rollback(text('ROLLBACK'))
    this.ended = true
    throw new ReplayMismatchError(at + 1, entry.shown, 'has another result there')
  }
}
