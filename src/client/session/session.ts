import { RolledBackError } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import { classified } from '../sql/classified.ts'
import { type Statement, statement as plain } from '../sql/statement.ts'
import { isUnknown, readNow, runAlone, type Source, unknownWrite } from './autocommit.ts'
import { isAtRest } from './at-rest.ts'
import { isPrepared, takeNow, takeReached } from './once.ts'
import { text } from './recorded.ts'
import { OK, Transaction } from './transaction.ts'

/** What one checked-out connection is to the application: its transaction, its settings, and up to two real connections, bound when they are needed. */
export class Session {
  readonly engine: Engine
  settings: Settings
  #read: Taken | null = null
  #write: Taken | null = null
  #last: Taken | null = null
  /** SET statements, to give to each connection that is bound later. */
  readonly #state: Work[] = []
  /** Why only one connection will do. */
  #pinned: string | null = null
  /** The connection that knew the id of the last INSERT is gone. */
  #lostId = false
  #transaction: Transaction | null = null
  /** After this nothing but the end of the transaction is taken. */
  #failed: Error | null = null
  #autocommit = true
  readonly #next: Work[] = []
  #tail: Promise<unknown> = Promise.resolve()
  /** Calls that are not answered yet. */
  #under = 0
  /** One of them runs without a promise; who waits for its end. */
  #now = false
  #destroyed = false
  #endNow: (() => void) | null = null
  readonly #source: Source = { take: (what, deadline) => this.bind(what, deadline), give: () => undefined }

  constructor(engine: Engine, settings: Settings) {
    this.engine = engine
    this.settings = settings
  }

  /** The connection that was used last; null before the first. */
  get last(): Taken | null {
    return this.#last
  }

  /** In the order of the calls. */
  run(work: Work): Promise<Answer> {
    this.#under++
    this.#waitForNow()
    const result = this.#tail.then(() => this.#perform(work, classified(work.options.sql)))
    this.#tail = result.then(this.#less, this.#less)
    return result
  }

  /** The same where nothing stands before it and nothing has to be waited for: without a promise. @returns whether it was such a one */
  runNow(work: Work, done: Answered): boolean {
    if (this.#under > 0 || this.#failed !== null || this.#pinned !== null) return false
    const statement = classified(work.options.sql)
    if (statement.lastId) return false
    const transaction = this.#transaction
    const end: Answered = (error, rows, fields) => {
      if (transaction?.ended) this.#fail(error as Error)
      this.#now = false
      this.#endNow?.()
      this.#endNow = null
      this.#under--
      done(error, rows, fields)
    }
    if (transaction !== null) return this.#begunNow(transaction.runNow(work, statement, end))
    if (!this.#autocommit || statement.kind !== 'read' || statement.pin !== null) return false
    const taken = this.#heldNow() ?? this.#takeNow()
    if (taken === null) return false
    this.#last = taken
    readNow(this.engine, this.settings, this.#source, taken, work, end)
    return this.#begunNow(true)
  }

  /** Others wait for its end. */
  #begunNow(begun: boolean): boolean {
    if (!begun) return false
    this.#under++
    this.#now = true
    return true
  }

  /** The first that comes meanwhile makes all that come later stand behind it. */
  #waitForNow(): void {
    if (this.#now && this.#endNow === null) this.#tail = new Promise<void>((resolve) => (this.#endNow = resolve))
  }

  readonly #less = (): void => void this.#under--

  #heldNow(): Taken | null {
    const held = this.settings.splitReads ? this.#read : this.#write
    return held !== null && this.#isFit(held, this.settings.splitReads ? 'read' : 'write') && this.engine.causality.isReached(held.node, this.settings) ? held : null
  }

  /** Not beside another connection to the same node. */
  #takeNow(): Taken | null {
    if (this.#read !== null || this.#write !== null || this.#state.length > 0) return null
    const taken = takeNow(this.engine, this.settings, this.settings.splitReads ? 'read' : 'write')
    if (taken !== null) this.#hold(taken, this.settings.splitReads ? 'read' : 'write')
    return taken
  }

  #hold(taken: Taken, what: 'read' | 'write'): void {
    if (what === 'write' || (taken.node === this.engine.cluster.writer && this.#write === null)) this.#write = taken
    else this.#read = taken
  }

  /** Rows that go to the application as they come: `send` has the real connection until it resolves, to what went wrong. */
  stream(what: 'read' | 'write', send: (taken: Taken) => Promise<Error | null>): Promise<void> {
    this.#under++
    this.#waitForNow()
    const result = this.#tail.then(() => this.#send(what, send))
    this.#tail = result.then(this.#less, this.#less)
    return result
  }

  async #send(what: 'read' | 'write', send: (taken: Taken) => Promise<Error | null>): Promise<void> {
    this.#requireOpen()
    this.#refuse()
    const transaction = this.#transaction
    const taken = transaction === null ? await this.bind(what) : await this.#guarded((one) => one.link('its rows were streamed'))
    this.#last = taken
    const error = await send(taken)
    if (what === 'write' && transaction === null) this.engine.causality.wrote(taken.node)
    if (error === null || transaction === null) return
    const end = await transaction.failed(error)
    if (transaction.ended) this.#fail(end)
  }

  /** A connection that is fit, with this session's state. @throws as takeReached; RolledBackError where what it was pinned to is gone */
  async bind(what: 'read' | 'write', deadline = performance.now() + this.settings.failoverTimeout): Promise<Taken> {
    this.#requireOpen()
    if (this.#pinned !== null && this.#write !== null) return this.#pinnedTo(this.#write)
    const held = what === 'read' ? this.#read : this.#write
    if (held !== null && this.#isFit(held, what)) {
      const reached = await this.#reached(held)
      if (reached === true) return held
      if (reached === false && what === 'read') return this.bind('write', deadline)
    }
    this.#letGo(what)
    // One connection does for both where they are of one node.
    const other = what === 'read' ? this.#write : this.#read
    if (other !== null && this.#isFit(other, what) && this.engine.cluster.choose(what) === other.node) {
      if (what === 'write') this.#write = other
      return other
    }
    const taken = await takeReached(this.engine, this.settings, what, deadline)
    try {
      if (this.#state.length > 0) taken.link.tainted = true
      for (const work of this.#state) await taken.link.run(work)
    } catch (error) {
      taken.node.release(taken.link)
      this.engine.cluster.heard(taken.node, error)
      if (failureOf(error) === 'statement' || performance.now() >= deadline) throw error
      return this.bind(what, deadline)
    }
    this.#hold(taken, what)
    return taken
  }

  /** Whether it has all that was written; null where it was lost meanwhile. */
  async #reached(held: Taken): Promise<boolean | null> {
    try {
      return await this.engine.causality.reaches(held.node, held.link, this.settings)
    } catch (error) {
      this.engine.cluster.heard(held.node, error)
      held.link.kill(error as Error)
      return null
    }
  }

  /** Until the connection is given back. */
  unbind(taken: Taken): void {
    if (taken.link.dead === null) return
    if (this.#write === taken) this.#letGo('write')
    if (this.#read === taken) this.#letGo('read')
  }

  /** Gives all back; what is unfinished is rolled back. */
  release(): void {
    for (const taken of new Set([this.#read, this.#write])) {
      if (taken === null) continue
      if (this.#transaction !== null || this.#pinned !== null || this.#state.length > 0) taken.link.tainted = true
      taken.node.release(taken.link)
    }
    this.#read = this.#write = this.#last = this.#transaction = null
    this.#pinned = this.#failed = null
    this.#lostId = false
    this.#autocommit = true
    this.#state.length = this.#next.length = 0
  }

  /** What is under way fails, and what waits is not sent. */
  destroy(): void {
    this.#destroyed = true
    for (const taken of [this.#read, this.#write]) taken?.link.kill(new Error('the connection was destroyed'))
    this.release()
  }

  async #perform(work: Work, statement: Statement): Promise<Answer> {
    this.#requireOpen()
    switch (statement.kind) {
      case 'rollback':
        this.#failed = null
        return this.#endOrPinned(work, (transaction) => transaction.rollback(work))
      case 'begin':
        this.#refuse()
        await this.#end((transaction) => transaction.commit(text('COMMIT')))
        this.#begin(work, statement)
        if (statement.begin?.snapshot === true) await this.#guarded((transaction) => transaction.open())
        return OK
      case 'commit':
        this.#refuse()
        return this.#endOrPinned(work, (transaction) => transaction.commit(work))
      case 'autocommit-on':
      case 'autocommit-off':
        this.#refuse()
        return this.#setAutocommit(statement.kind === 'autocommit-on', work)
      case 'set-transaction':
        this.#refuse()
        this.#next.push(work)
        return OK
      case 'ddl':
        this.#refuse()
        await this.#end((transaction) => transaction.commit(text('COMMIT')))
        return this.#alone(work, statement)
      case 'set':
        this.#refuse()
        return this.#set(work)
      case 'kill':
        this.#refuse()
        if (this.#last === null || this.#last.link.dead !== null) throw new Error('KILL names a connection of one node: send it to that node itself, or after a statement on this connection.')
        return this.#last.link.run(work)
      case 'read':
      case 'last':
      case 'write':
      case 'opaque':
      case 'savepoint':
        this.#refuse()
        if (this.#transaction === null && !this.#autocommit) this.#begin(text('BEGIN'), plain('begin'))
        this.#requireId(statement)
        if (this.#transaction === null) return this.#alone(work, statement)
        return this.#guarded(async (transaction) => {
          const answer = await transaction.run(work, statement)
          if (statement.pin !== null && transaction.taken !== null) this.#pinTo(transaction.taken, statement.pin)
          return answer
        })
      default:
        return statement.kind satisfies never
    }
  }

  /** What a statement that was not understood may have begun on the pinned connection is ended there. */
  async #endOrPinned(work: Work, how: (transaction: Transaction) => Promise<Answer>): Promise<Answer> {
    if (this.#transaction !== null || this.#pinned === null) return this.#end(how)
    const taken = await this.bind('write')
    this.engine.causality.wrote(taken.node)
    return taken.link.run(work)
  }

  /** Only where it was off does it end a transaction. */
  async #setAutocommit(on: boolean, work: Work): Promise<Answer> {
    if (this.#pinned !== null && this.#transaction === null) return (await this.bind('write')).link.run(work)
    const was = this.#autocommit
    this.#autocommit = on
    return on && !was ? this.#end((transaction) => transaction.commit(text('COMMIT'))) : OK
  }

  async #alone(work: Work, statement: Statement): Promise<Answer> {
    if (statement.pin !== null) this.#pinTo(await this.bind('write'), statement.pin)
    if (this.#pinned !== null) return this.#onPinned(work, statement)
    const asked = statement.lastId && statement.kind === 'last' ? this.#write : this.#last
    if (statement.kind === 'last' && asked?.link.dead === null) {
      this.#last = asked
      return asked.link.run(work)
    }
    if (statement.kind === 'opaque') return this.#opaque(work, statement)
    // A statement of its own becomes a transaction, so that its outcome can be found out.
    if (this.settings.exactlyOnce && statement.kind === 'write') {
      this.#begin(text('BEGIN'), plain('begin'))
      const answer = await this.#guarded((transaction) => transaction.run(work, statement)).catch(async (error) => {
        this.#failed = null
        await this.#end((transaction) => transaction.rollback(text('ROLLBACK')))
        throw error
      })
      await this.#end((transaction) => transaction.commit(text('COMMIT')))
      return answer
    }
    return runAlone(this.engine, this.settings, this.#source, work, statement).finally(() => (this.#last = statement.kind === 'read' ? (this.#read ?? this.#write) : this.#write))
  }

  async #set(work: Work): Promise<Answer> {
    const taken = this.#transaction === null ? await this.bind('read') : await this.#transaction.link('the session was changed in it')
    let sent = work.options.sql
    taken.link.tainted = true
    const answer = await taken.link.run(work, (sql) => (sent = sql))
    const kept = text(sent)
    for (const other of [this.#read, this.#write]) {
      if (other === null || other === taken || other.link.dead !== null) continue
      other.link.tainted = true
      await other.link.run(kept)
    }
    const before = this.#state.findIndex(({ options }) => options.sql === sent)
    if (before >= 0) this.#state.splice(before, 1)
    this.#state.push(kept)
    return answer
  }

  /** What only one connection has: from here on all goes there. */
  #pinTo(taken: Taken, what: string): void {
    taken.link.tainted = true
    if (this.#pinned !== null) return
    this.#pinned = what
    this.#write = taken
  }

  async #onPinned(work: Work, { kind }: Statement): Promise<Answer> {
    const taken = await this.bind('write')
    this.#last = taken
    const reads = kind === 'read' || kind === 'last'
    try {
      const answer = await taken.link.run(work)
      if (!reads) this.engine.causality.wrote(taken.node)
      return answer
    } catch (error) {
      if (!reads && isUnknown(error, kind)) throw unknownWrite(this.engine, taken, work, error as Error)
      this.engine.cluster.heard(taken.node, error)
      throw error
    }
  }

  /** It may have left anything behind; where the server does not say that no transaction is open, all goes on there. */
  async #opaque(work: Work, statement: Statement): Promise<Answer> {
    const answer = await runAlone(this.engine, this.settings, this.#source, work, statement)
    if (this.#write === null) return answer
    this.#last = this.#write
    this.#write.link.tainted = true
    if (!isAtRest(answer.rows)) this.#pinTo(this.#write, 'transaction that may be open')
    return answer
  }

  #pinnedTo(taken: Taken): Taken {
    if (taken.link.dead === null) return taken
    const lost = this.#pinned
    this.#pinned = null
    this.#letGo('write')
    throw new RolledBackError(`its connection was lost, and with it the ${lost} of this session`, taken.link.dead)
  }

  #begin(work: Work, { begin }: Statement): void {
    this.engine.counters.transactions++
    this.#transaction = new Transaction(this, work, begin, this.#next.splice(0), this.#pinned === null ? null : `the ${this.#pinned} of this session is of its connection`)
  }

  /** The transaction's end, whatever comes of it. */
  async #end(how: (transaction: Transaction) => Promise<Answer>): Promise<Answer> {
    const transaction = this.#transaction
    if (transaction === null) return OK
    try {
      return await how(transaction)
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
    } finally {
      this.#last = transaction.taken ?? this.#last
    }
  }

  #requireOpen(): void {
    if (this.#destroyed) throw new Error('the connection was destroyed')
  }

  #fail(error: Error): void {
    this.#failed = error
    this.#transaction = null
  }

  /** After a failure the application has to end the transaction itself: what it sends next belongs to what was rolled back. */
  #refuse(): void {
    if (this.#failed !== null) throw new RolledBackError(`${this.#failed.message.split('. ')[0]}; nothing is taken before ROLLBACK`, this.#failed)
  }

  /** @throws RolledBackError where nobody knows any more which id the last INSERT was given */
  #requireId({ lastId, inserts }: Statement): void {
    if (this.#pinned === null && this.#write !== null && this.#write.link.dead !== null) this.#letGo('write')
    if (lastId && this.#lostId) throw new RolledBackError('the connection that knew LAST_INSERT_ID() was lost')
    if (inserts) this.#lostId = false
  }

  #isFit({ node, link }: Taken, what: 'read' | 'write'): boolean {
    if (link.dead !== null || node.drained || !isPrepared(link, this.settings)) return false
    return what === 'write' ? node === this.engine.cluster.writer : node.health?.state === 'synced'
  }

  #letGo(what: 'read' | 'write'): void {
    const taken = what === 'read' ? this.#read : this.#write
    if (what === 'read') this.#read = null
    else this.#write = null
    if (taken === null) return
    if (what === 'write') this.#lostId = true
    if (this.#last === taken) this.#last = null
    if (taken === this.#read || taken === this.#write) return
    if (this.#state.length > 0) taken.link.tainted = true
    taken.node.release(taken.link)
  }
}
