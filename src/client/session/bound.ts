import { LostSessionError } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import { untilReady } from './backoff.ts'
import { isEndOfWait, isPrepared, takeNow, takeReached } from './once.ts'
import { keptWork } from './recorded.ts'

/** The real connections of one session: one to a reader, one to the writer, bound when they are needed and kept; with what the session has set on them. */
export class Bound {
  readonly #engine: Engine
  readonly #settings: () => Settings
  #read: Taken | null = null
  #write: Taken | null = null
  /** SET statements, to give to each connection that is bound later. */
  readonly #state: Work[] = []
  /** Why only one connection will do. */
  #pinned: string | null = null
  #destroyed = false
  /** The connection that is used, or was last; null before the first. */
  last: Taken | null = null
  /** The connection that knew the id of this session's last INSERT is gone. */
  lostId = false
  #idKnown = false

  constructor(engine: Engine, settings: () => Settings) {
    this.#engine = engine
    this.#settings = settings
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

  /** For a read, where nothing has to be waited for; null where something has. */
  readNow(): Taken | null {
    const settings = this.#settings()
    const what = settings.splitReads ? 'read' : 'write'
    const held = settings.splitReads ? this.#read : this.#write
    if (held !== null && this.#isFit(held, what) && this.#engine.causality.isReached(held.node, settings)) return held
    // Not beside another connection to the same node.
    if (this.#read !== null || this.#write !== null || this.#state.length > 0) return null
    const taken = takeNow(this.#engine, settings, what)
    if (taken !== null) this.#hold(taken, what)
    return taken
  }

  /** A connection that is fit, with this session's state. @throws as takeReached; LostSessionError where what it was pinned to is gone */
  async bind(what: 'read' | 'write', deadline = performance.now() + this.#settings().failoverTimeout): Promise<Taken> {
    this.last = await this.#bind(what, deadline)
    return this.last
  }

  async #bind(what: 'read' | 'write', deadline: number): Promise<Taken> {
    this.requireOpen()
    if (this.#pinned !== null) {
      const only = this.onlyOne()
      // No other will do, though it may come late.
      return (await this.#reached(only, deadline)) === null ? this.onlyOne() : only
    }
    // Also what is a read for itself.
    if (what === 'read' && !this.#settings().splitReads) return this.#bind('write', deadline)
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
      if (this.#state.length > 0) taken.link.tainted = true
      for (const work of this.#state) await taken.link.run(work)
    } catch (error) {
      taken.node.release(taken.link)
      this.#engine.cluster.heard(taken.node, error)
      if (failureOf(error) === 'statement' || performance.now() >= deadline) throw error
      return await this.#bind(what, deadline)
    }
    this.#hold(taken, what)
    return taken
  }

  /** The one that all is pinned to, as it is. @throws LostSessionError where it is gone */
  onlyOne(): Taken {
    const taken = this.#write as Taken
    this.requireOpen()
    if (taken.link.dead === null) return (this.last = taken)
    const lost = this.#pinned
    this.#pinned = null
    this.#letGo('write')
    throw new LostSessionError(`the ${lost} of this session`, taken.link.dead)
  }

  /** Where it was lost, another will be bound, but for one that all was pinned to. */
  unbind(taken: Taken): void {
    if (taken.link.dead === null || this.#pinned !== null) return
    if (this.#write === taken) this.#letGo('write')
    if (this.#read === taken) this.#letGo('read')
  }

  /** Where the writer's connection was lost, that is known from now on. */
  notice(): void {
    if (this.#write !== null) this.unbind(this.#write)
  }

  /** The connection that is bound to the writer knows an id that this session was given. */
  noteId(): void {
    this.#idKnown = true
    this.lostId = false
  }

  /** Changes the session: here, on what is bound beside it, and on what is bound later. */
  async set(taken: Taken, work: Work): Promise<Answer> {
    let sent = work.options.sql
    taken.link.tainted = true
    const answer = await taken.link.run(work, (sql) => (sent = sql))
    const kept = keptWork(work, sent)
    for (const other of [this.#read, this.#write]) {
      if (other === null || other === taken || other.link.dead !== null) continue
      other.link.tainted = true
      await other.link.run(kept)
    }
    // The same text with other values says it anew.
    const before = this.#state.findIndex(({ options }) => options.sql === kept.options.sql)
    if (before >= 0) this.#state.splice(before, 1)
    this.#state.push(kept)
    return answer
  }

  /** What only one connection has: from here on all goes there. */
  pinTo(taken: Taken, what: string): void {
    taken.link.tainted = true
    // For what it holds the server, not we, keeps the rules.
    if (what === 'lock') this.#pinned &&= what
    if (this.#pinned !== null) return
    if (this.#write !== taken) this.#letGo('write')
    this.#pinned = what
    this.#write = taken
  }

  /** Gives all back, as good as new. `unfinished`: a transaction is open. */
  release(unfinished: boolean): void {
    for (const taken of new Set([this.#read, this.#write])) {
      if (taken === null) continue
      if (unfinished || this.#pinned !== null || this.#state.length > 0) taken.link.tainted = true
      taken.node.release(taken.link)
    }
    this.#read = this.#write = this.last = this.#pinned = null
    this.lostId = this.#idKnown = false
    this.#state.length = 0
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

  /** Whether it has all that was written, as far as it can tell in time; null where it was lost meanwhile. */
  async #reached(held: Taken, deadline: number): Promise<boolean | null> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#engine.causality.reaches(held.node, held.link, this.#settings())
      } catch (error) {
        if (isEndOfWait(error) && performance.now() < deadline) {
          await untilReady(attempt)
          continue
        }
        if (failureOf(error) === 'statement') throw error
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
    if (what === 'write' && this.#idKnown) this.lostId = true
    if (this.last === taken) this.last = null
    if (taken === this.#read || taken === this.#write) return
    if (this.#state.length > 0) taken.link.tainted = true
    taken.node.release(taken.link)
  }
}
