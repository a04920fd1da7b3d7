import { GaleraClientError, LostSessionError, RolledBackError, TimeoutError, UnknownOutcomeError } from '../errors.ts'
import { failureOf, isEndOfWait } from '../failure.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Link, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import type { Statement } from '../sql/statement.ts'
import { untilReady } from './backoff.ts'
import { LastId } from './last-id.ts'
import { isPrepared, takeNow, takeReached } from './once.ts'
import { headerOf } from './recorded.ts'
import { SetStatements } from './set-statements.ts'

/** Why all may be pinned. */
const OPEN = 'transaction that may be open'

/** The real connections of one session: one to a reader, one to the writer, bound when they are needed and kept; with what the session has set on them. */
export class Bound {
  readonly #engine: Engine
  readonly #settings: () => Settings
  readonly #fail: (error: Error) => void
  readonly #state = new SetStatements()
  readonly lastId = new LastId()
  #read: Taken | null = null
  #write: Taken | null = null
  /** Why only one connection will do. */
  #pinned: string | null = null
  #destroyed = false
  /** The connection that is used, or was last; null before the first. */
  last: Taken | null = null
  /** On the connection that all is pinned to: whether a transaction is open that is not ours. `unsure`: something has run that was not understood, and the server has not said. */
  open: 'no' | 'unsure' | 'yes' = 'no'
  /** Whose server has autocommit off too. */
  #beginsOn: Link | null = null

  /** `fail`: what was open on the connection that all was pinned to is lost with it. */
  constructor(engine: Engine, settings: () => Settings, fail: (error: Error) => void) {
    this.#engine = engine
    this.#settings = settings
    this.#fail = fail
  }

  get pinned(): string | null {
    return this.#pinned
  }

  /** To the writer, where there is one. */
  get write(): Taken | null {
    return this.#write
  }

  /** What it was pinned to is gone; whoever binds is told so. */
  get isPinLost(): boolean {
    return this.#pinned !== null && this.#write?.link.dead !== null
  }

  /** A transaction that is not ours. */
  get mayBeOpen(): boolean {
    return this.open !== 'no' || this.serverBegins
  }

  /** BEGIN and COMMIT end nothing that is the application's: neither what is open nor locked tables. */
  get isFreeToBegin(): boolean {
    return this.#pinned === null || (!this.mayBeOpen && this.#pinned !== 'lock' && this.#pinned !== 'XA')
  }

  /** The server begins transactions by itself, on the connection that all is pinned to. */
  get serverBegins(): boolean {
    return this.#pinned !== null && this.#beginsOn !== null && this.#beginsOn === this.#write?.link
  }

  set serverBegins(on: boolean) {
    this.#beginsOn = on ? (this.#write?.link ?? null) : null
  }

  /** For a read, where nothing has to be waited for; null where something has. */
  readNow(): Taken | null {
    const settings = this.#settings()
    const what = settings.splitReads ? 'read' : 'write'
    const held = settings.splitReads ? this.#read : this.#write
    if (held !== null && this.#isFit(held, what) && this.#engine.causality.isReached(held.node, settings)) return held
    // Not beside another connection to the same node.
    if (this.#read !== null || this.#write !== null || !this.#state.isEmpty) return null
    const taken = takeNow(this.#engine, settings, what)
    if (taken !== null) this.#hold(taken, what)
    return taken
  }

  /** A connection that is fit, with this session's state. @throws as takeReached and onlyOne; LostSessionError where it does not know the id that is asked for */
  async bind(what: 'read' | 'write', deadline = performance.now() + this.#settings().failoverTimeout): Promise<Taken> {
    const taken = await this.#bind(what, deadline)
    this.lastId.require(taken.link)
    return (this.last = taken)
  }

  async #bind(what: 'read' | 'write', deadline: number): Promise<Taken> {
    this.requireOpen()
    if (this.#pinned !== null) return this.#bindPinned(deadline)
    if (what === 'read' && (!this.#settings().splitReads || (this.lastId.asked && this.lastId.knownBy !== null))) return this.#bind('write', deadline)
    const held = what === 'read' ? this.#read : this.#write
    if (held !== null && this.#isFit(held, what)) {
      const reached = await this.#reached(held, deadline)
      if (reached === true) return held
      if (reached === false && what === 'read') return this.#bind('write', deadline)
    }
    this.#letGo(what)
    // One connection does for both where they are of one node.
    const other = what === 'read' ? this.#write : this.#read
    if (other !== null && this.#isFit(other, what) && this.#engine.cluster.choose(what) === other.node && (await this.#reached(other, deadline)) === true) {
      if (what === 'write') this.#write = other
      return other
    }
    const taken = await takeReached(this.#engine, this.#settings(), what, deadline)
    try {
      this.requireOpen()
      await this.#state.giveTo(taken)
    } catch (error) {
      taken.node.release(taken.link)
      this.#engine.cluster.heard(taken.node, error)
      if (failureOf(error) === 'statement' || performance.now() >= deadline) throw error
      return await this.#bind(what, deadline)
    }
    this.#hold(taken, what)
    return taken
  }

  /** No other will do, though it may come late. What is open has its own view of the data. @throws TimeoutError where it does not come */
  async #bindPinned(deadline: number): Promise<Taken> {
    for (let attempt = 0; !this.mayBeOpen; attempt++) {
      const taken = this.onlyOne()
      // Its own lock may be why nothing is applied there.
      if ((await this.#reached(taken, deadline, true)) !== false || this.#pinned === 'lock') break
      this.onlyOne()
      if (performance.now() >= deadline) throw new TimeoutError(`${taken.node.name} has not applied what was written before, which`, this.#settings().failoverTimeout)
      await untilReady(attempt)
    }
    return this.onlyOne()
  }

  /** The one that all is pinned to, as it is. @throws LostSessionError where it is gone; RolledBackError, UnknownOutcomeError where a transaction is gone with it */
  onlyOne(): Taken {
    const taken = this.#write as Taken
    this.requireOpen()
    this.last = taken
    if (taken.link.dead === null) {
      this.lastId.require(taken.link)
      return taken
    }
    const { serverBegins, open } = this
    const lost = `the ${this.#pinned} of this session`
    this.#pinned = null
    this.open = 'no'
    this.#letGo('write')
    if (open === 'no' && !serverBegins) throw new LostSessionError(lost, taken.link.dead)
    const error = open === 'no' ? new RolledBackError(`its connection was lost, and with it ${lost}`, taken.link.dead) : new UnknownOutcomeError(lost, taken.link.dead)
    // Who has begun nothing would never end it.
    if (open === 'yes' || serverBegins) this.#fail(error)
    throw error
  }

  /** Where it was lost, another will be bound, but for one that all was pinned to. */
  unbind(taken: Taken): void {
    if (taken.link.dead === null || this.#pinned !== null) return
    if (this.#write === taken) this.#letGo('write')
    if (this.#read === taken) this.#letGo('read')
  }

  /** Changes the session: here, on what is bound beside it, and on what is bound later. */
  set(taken: Taken, work: Work): Promise<Answer> {
    return this.#state.add(taken, [this.#read, this.#write], work)
  }

  /** What only one connection has: from here on all goes there. */
  pinTo(taken: Taken, what: string): void {
    taken.link.tainted = true
    // These say who is to begin transactions.
    if (this.#pinned !== null && (what === 'lock' || (what === 'XA' && this.#pinned !== 'lock'))) this.#pinned = what
    if (this.#pinned !== null) return
    if (this.#write !== taken) this.#letGo('write')
    this.#pinned = what
    this.#write = taken
  }

  /** For a transaction that is not ours. */
  pinOpen(taken: Taken, open: Bound['open']): void {
    this.open = open
    if (open !== 'no') this.pinTo(taken, OPEN)
  }

  /** No transaction is open any more, and where all was pinned for that only, it is free. */
  nothingOpen(): void {
    this.open = 'no'
    this.#beginsOn = null
    if (this.#pinned === OPEN) this.#pinned = null
  }

  /** The connection to the writer has answered a statement so that gives ids; an INSERT with ids of the application's own gives none. */
  gaveId({ inserts }: Statement, rows: unknown): void {
    const { insertId } = headerOf(rows)
    if (!inserts || insertId === undefined || Number(insertId) !== 0) this.lastId.gave(this.#write?.link ?? null)
  }

  /** Gives all back, as good as new. `unfinished`: a transaction is open. */
  release(unfinished: boolean): void {
    for (const taken of new Set([this.#read, this.#write])) {
      if (taken === null) continue
      if (unfinished || this.#pinned !== null || !this.#state.isEmpty) taken.link.tainted = true
      taken.node.release(taken.link)
    }
    this.#read = this.#write = this.last = this.#pinned = this.#beginsOn = null
    this.open = 'no'
    this.lastId.clear()
    this.#state.clear()
  }

  /** What is under way fails, and nothing is bound any more. */
  destroy(): void {
    this.#destroyed = true
    for (const taken of [this.#read, this.#write]) taken?.link.kill(new Error('the connection was destroyed'))
  }

  requireOpen(): void {
    if (this.#destroyed) throw new Error('the connection was destroyed: take another one from the pool')
  }

  #hold(taken: Taken, what: 'read' | 'write'): void {
    if (what === 'write' || (taken.node === this.#engine.cluster.writer && this.#write === null)) this.#write = taken
    else this.#read = taken
  }

  /** Whether it has all that was written, as far as it can tell in time; null where it was lost meanwhile, or can't be asked. `only`: there is no other to go to. */
  async #reached(held: Taken, deadline: number, only = false): Promise<boolean | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#engine.causality.reaches(held.node, held.link, this.#settings(), deadline, only)
      } catch (error) {
        if (isEndOfWait(error) && performance.now() < deadline) {
          await untilReady(attempt)
          continue
        }
        if (failureOf(error) === 'statement') {
          if (only && !(error instanceof GaleraClientError)) return null
          throw error
        }
        this.#engine.cluster.heard(held.node, error)
        held.link.kill(error as Error)
        return null
      }
    }
  }

  #isFit({ node, link }: Taken, what: 'read' | 'write'): boolean {
    if (link.dead !== null || node.drained || !isPrepared(link, this.#settings())) return false
    return what === 'write' ? node === this.#engine.cluster.writer : node.health?.state === 'synced'
  }

  #letGo(what: 'read' | 'write'): void {
    const taken = what === 'read' ? this.#read : this.#write
    if (what === 'read') this.#read = null
    else this.#write = null
    if (taken === null) return
    if (this.last === taken) this.last = null
    if (taken === this.#read || taken === this.#write) return
    this.lastId.lost(taken.link)
    if (!this.#state.isEmpty) taken.link.tainted = true
    taken.node.release(taken.link)
  }
}
