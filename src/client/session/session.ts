import { RolledBackError } from '../errors.ts'
import type { Engine } from '../engine.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import { classified } from '../sql/classified.ts'
import { type Statement, statement as plain } from '../sql/statement.ts'
import { readNow, runAlone, type Source } from './autocommit.ts'
import { takeNow, takeReached } from './once.ts'
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
  #transaction: Transaction | null = null
  /** After this nothing but the end of the transaction is taken. */
  #failed: Error | null = null
  #autocommit = true
  #next: Work[] = []
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

  /** Its real connection, for what can't be repeated elsewhere: `use` has it until it settles. */
  exclusive<Value>(why: string, what: 'read' | 'write', use: (taken: Taken) => Promise<Value>): Promise<Value> {
    this.#under++
    this.#waitForNow()
    const result = this.#tail.then(async () => {
      this.#refuse()
      const taken = this.#transaction === null ? await this.bind(what) : await this.#transaction.link(why)
      this.#last = taken
      try {
        return await use(taken)
      } finally {
        if (what === 'write' && this.#transaction === null) this.engine.causality.wrote(taken.node)
      }
    })
    this.#tail = result.then(this.#less, this.#less)
    return result
  }

  /** A connection that is fit, with this session's state. @throws as takeReached; RolledBackError where what it was pinned to is gone */
  async bind(what: 'read' | 'write', deadline = performance.now() + this.settings.failoverTimeout): Promise<Taken> {
    this.#requireOpen()
    if (this.#pinned !== null && this.#write !== null) return this.#pinnedTo(this.#write)
    const held = what === 'read' ? this.#read : this.#write
    if (held !== null && this.#isFit(held, what)) {
      const reached = this.engine.causality.reaches(held.node, held.link, this.settings)
      if (reached === true || (await reached)) return held
      return this.bind('write', deadline)
    }
    this.#letGo(what)
    // One connection does for both where they are of one node.
    const other = what === 'read' ? this.#write : this.#read
    if (other !== null && this.#isFit(other, what) && this.engine.cluster.choose(what) === other.node) {
      if (what === 'write') this.#write = other
      return other
    }
    const taken = await takeReached(this.engine, this.settings, what, deadline)
    if (this.#state.length > 0) {
      taken.link.tainted = true
      for (const work of this.#state) await taken.link.run(work)
    }
    this.#hold(taken, what)
    return taken
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
        return this.#end((transaction) => transaction.rollback(work))
      case 'begin':
        this.#refuse()
        await this.#end((transaction) => transaction.commit(text('COMMIT')))
        this.#begin(work, statement)
        if (statement.begin?.snapshot === true) await this.#guarded((transaction) => transaction.open().then(() => OK))
        return OK
      case 'commit':
        this.#refuse()
        return this.#end((transaction) => transaction.commit(work))
      case 'autocommit-on':
      case 'autocommit-off':
        this.#refuse()
        this.#autocommit = statement.kind === 'autocommit-on'
        return this.#autocommit ? this.#end((transaction) => transaction.commit(text('COMMIT'))) : OK
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
        if (this.#transaction !== null) return this.#guarded((transaction) => transaction.run(work, statement))
        return this.#alone(work, statement)
      default:
        return statement.kind satisfies never
    }
  }

  async #alone(work: Work, statement: Statement): Promise<Answer> {
    if (statement.pin !== null) await this.#pin(statement.pin)
    if (this.#pinned !== null || (statement.kind === 'last' && this.#last?.link.dead === null)) {
      const taken = this.#pinned === null ? (this.#last as Taken) : await this.bind('write')
      this.#last = taken
      if (statement.kind !== 'read' && statement.kind !== 'last') this.engine.causality.wrote(taken.node)
      return taken.link.run(work)
    }
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
  async #pin(what: string): Promise<void> {
    if (this.#pinned !== null) return
    const { link } = await this.bind('write')
    link.tainted = true
    this.#pinned = what
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
    this.#transaction = new Transaction(this, work, begin, this.#next.splice(0))
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

  async #guarded(work: (transaction: Transaction) => Promise<Answer>): Promise<Answer> {
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

  #isFit({ node, link }: Taken, what: 'read' | 'write'): boolean {
    if (link.dead !== null || node.drained) return false
    return what === 'write' ? node === this.engine.cluster.writer : node.health?.state === 'synced'
  }

  #letGo(what: 'read' | 'write'): void {
    const taken = what === 'read' ? this.#read : this.#write
    if (what === 'read') this.#read = null
    else this.#write = null
    if (taken === null || taken === this.#read || taken === this.#write) return
    if (this.#state.length > 0) taken.link.tainted = true
    taken.node.release(taken.link)
  }
}
