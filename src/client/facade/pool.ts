import { EventEmitter } from 'node:events'
import type { Connection, ConnectionOptions, Query, QueryOptions } from 'mysql2'
import { Activity } from '../activity.ts'
import { Causality } from '../causality.ts'
import { type Counters, newCounters } from '../counters.ts'
import type { Engine } from '../engine.ts'
import { Leases } from '../leases.ts'
import { warnOfIdStep } from '../id-step.ts'
import { Cluster } from '../nodes/cluster.ts'
import type { Node } from '../nodes/node.ts'
import type { Answer, Work } from '../nodes/link.ts'
import type { Resolved } from '../options.ts'
import { readNow, runAlone, type Source } from '../session/autocommit.ts'
import { purgeTokens, TOKEN_TABLE } from '../session/commit-token.ts'
import { later } from '../session/later.ts'
import { OldTokens } from '../session/old-tokens.ts'
import { pooled, takeNow } from '../session/once.ts'
import { Session } from '../session/session.ts'
import { statementOf } from '../sql/classified.ts'
import { type Call, Called, callOf, type Done, type Own, refused, wrongIn } from './arguments.ts'
import { asSent, textOf } from './as-sent.ts'
import { GaleraConnection, GaleraPromiseConnection } from './connection.ts'
import { commandFor, PromisePool } from './driver.ts'
import { escape, escapeId, format } from './escape.ts'
import { runTransaction, type TransactionOptions } from './run-transaction.ts'

/** Beside those of mysql2's pool. */
const OWN_EVENTS: ReadonlySet<string> = new Set(['node', 'failover', 'replay', 'outcome'])

/** One node, for people and for metrics. */
export interface NodeView {
  readonly name: string
  readonly state: 'synced' | 'lagging' | 'out' | 'unknown'
  readonly why: string
  readonly drained: boolean
  readonly writer: boolean
  readonly busy: number
}

/** Looks and behaves as a Pool of mysql2. Emits `node`, `failover`, `replay` and `outcome` beside its events. */
export class GaleraPool extends EventEmitter {
  readonly config: { readonly connectionConfig: ConnectionOptions; readonly connectionLimit: number }
  readonly counters: Counters = newCounters()
  readonly #resolved: Resolved
  readonly #engine: Engine
  readonly #leases: Leases
  readonly #activity = new Activity()
  readonly #source: Source
  /** mysql2/promise looks at it. */
  _closed = false

  constructor(resolved: Resolved) {
    super()
    this.#resolved = resolved
    this.config = { connectionConfig: { trace: true, ...resolved.common } as ConnectionOptions, connectionLimit: resolved.limit }
    const cluster = new Cluster(resolved, (connection) => this.#tellOpened(connection))
    // Outside of what is under way: what a listener throws is the application's.
    const tell = (name: string, what: unknown) => process.nextTick(() => this.emit(name, what))
    cluster.on('node', (node: Node) => tell('node', viewOf(node, cluster)))
    cluster.on('node', warnOfIdStep)
    this.#engine = { cluster, causality: new Causality(cluster, this.counters), counters: this.counters, tokenTable: resolved.tokenTable, oldTokens: new OldTokens(cluster, resolved.tokenTable), tell }
    this.#leases = new Leases(resolved.limit, resolved.queueLimit, resolved.waits)
    this.#source = pooled(this.#engine, resolved.settings)
  }

  /** At once, so that what a listener sends comes first. What it throws is the application's, and no fault of the connection. */
  #tellOpened(connection: Connection): void {
    try {
      this.emit('connection', connection)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }

  getConnection(done: (error: Error | null, connection?: GaleraConnection) => void): void {
    const give = () => this.open(() => this.#leases.giveBack())
    if (this.#leases.tryTake()) return process.nextTick(() => done(null, give()))
    const waiting = this.#leases.wait()
    if (!this._closed) this.emit('enqueue')
    waiting.then(() => process.nextTick(() => done(null, give())), (error) => process.nextTick(done, error))
  }

  /** A connection at once, without regard to how many there are. `own`: for its statements whose options do not say it. */
  open(giveBack: () => void = () => undefined, own?: Own): GaleraConnection {
    const end = () => {
      giveBack()
      this.emit('release', connection)
    }
    const connection = new GaleraConnection(new Session(this.#engine, this.#resolved.settings), this.config.connectionConfig, this.#activity, end, own)
    this.emit('acquire', connection)
    return connection
  }

  releaseConnection(connection: { release: () => void }): void {
    connection.release()
  }

  query(sql: string | QueryOptions, values?: unknown, done?: Done): Query | Called {
    return this.#call(asSent(callOf('query', sql, values, done), this.config.connectionConfig))
  }

  execute(sql: string | QueryOptions, values?: unknown, done?: Done): Query | Called {
    return this.#call(callOf('execute', sql, values, done))
  }

  end(done: (error?: Error | null) => void = () => undefined): void {
    this._closed = true
    this.#leases.close()
    this.#activity.atRest(() => {
      this.#engine.cluster.close()
      done(null)
    })
  }

  /** Runs `work` in a transaction, and once more from its beginning where it was rolled back by others. */
  transaction<Value>(work: (connection: GaleraPromiseConnection) => Promise<Value>, options: TransactionOptions = {}): Promise<Value> {
    return runTransaction(() => this.#connection(), work, options)
  }

  nodes(): readonly NodeView[] {
    return this.#engine.cluster.nodes.map((node) => viewOf(node, this.#engine.cluster))
  }

  /** The node gets no new work, and is not the writer; what runs there goes on. @returns whether there is such a node */
  drain(name: string): boolean {
    return this.#engine.cluster.drain(name, true)
  }

  undrain(name: string): boolean {
    return this.#engine.cluster.drain(name, false)
  }

  /** What exactlyOnce needs, once for each cluster. */
  async createTokenTable(): Promise<void> {
    await this.#run(plain(TOKEN_TABLE(this.#resolved.tokenTable)))
  }

  /** Removes tokens of so long ago, at most 1000 at once; the pool does that by itself as it adds new ones. @returns how many went */
  async purgeTokens(hours = 24): Promise<number> {
    const { rows } = await this.#run(plain(purgeTokens(this.#resolved.tokenTable, hours)))
    return (rows as { affectedRows: number }).affectedRows
  }

  promise(promiseImpl?: PromiseConstructor): GaleraPromisePool {
    return new GaleraPromisePool(this, promiseImpl)
  }

  escape(value: unknown): string {
    return escape(this.config.connectionConfig, value)
  }

  escapeId(value: string): string {
    return escapeId(value)
  }

  format(sql: string, values?: unknown): string {
    return format(this.config.connectionConfig, sql, values)
  }

  [Symbol.dispose](): void {
    this.end()
  }

  #call({ work, done }: Call): Query | Called {
    if (done === undefined) return this.#stream(work)
    const wrong = wrongIn(work)
    if (wrong !== null) return refused(done, wrong, work)
    const command = new Called(done, () => textOf(work, this.config.connectionConfig))
    if (!this.#runNow(work, command.done)) later(this.#run(work), command.done)
    return command
  }

  /** A read that nothing stands before. @returns whether it was such a one */
  #runNow(work: Work, done: Done): boolean {
    const { kind, pin } = statementOf(work)
    const { settings } = this.#resolved
    if (kind !== 'read' || pin !== null || !this.#leases.tryTake()) return false
    const taken = takeNow(this.#engine, settings, settings.splitReads ? 'read' : 'write')
    if (taken === null) {
      this.#leases.giveBack()
      return false
    }
    this.#activity.begin()
    readNow(this.#engine, settings, this.#source, taken, work, (error, rows, fields) => {
      this.#leases.giveBack()
      this.#activity.end()
      done(error, rows, fields)
    })
    return true
  }

  async #run(work: Work): Promise<Answer> {
    if (!this.#leases.tryTake()) {
      const waiting = this.#leases.wait()
      if (!this._closed) this.emit('enqueue')
      await waiting
    }
    this.#activity.begin()
    try {
      const statement = statementOf(work)
      const { settings } = this.#resolved
      if (statement.pin === null && (statement.kind === 'read' || (statement.kind === 'write' && !settings.exactlyOnce))) return await runAlone(this.#engine, settings, this.#source, work, statement)
      const session = new Session(this.#engine, settings)
      try {
        return await session.run(work)
      } finally {
        session.release()
      }
    } finally {
      this.#leases.giveBack()
      this.#activity.end()
    }
  }

  #stream(work: Work): Query {
    const command = commandFor(work, this.config.connectionConfig)
    const wrong = wrongIn(work)
    if (wrong !== null) process.nextTick(() => command.emit('error', wrong))
    else this.getConnection((error, connection) => {
      if (connection === undefined) command.emit('error', error)
      else connection.send(command, work, () => connection.release())
    })
    return command
  }

  #connection(): Promise<GaleraConnection> {
    return new Promise((resolve, reject) => this.getConnection((error, connection) => (connection === undefined ? reject(error) : resolve(connection))))
  }
}

/** The same with promises, as Pool of mysql2/promise. */
export class GaleraPromisePool extends PromisePool {
  readonly #core: GaleraPool

  constructor(core: GaleraPool, promiseImpl?: PromiseConstructor) {
    super(core, promiseImpl)
    this.#core = core
    tellOn(core, this)
  }

  override async getConnection(): Promise<GaleraPromiseConnection> {
    return new Promise((resolve, reject) => this.#core.getConnection((error, connection) => (connection === undefined ? reject(error) : resolve(connection.promise()))))
  }

  transaction<Value>(work: (connection: GaleraPromiseConnection) => Promise<Value>, options: TransactionOptions = {}): Promise<Value> {
    return this.#core.transaction(work, options)
  }

  get counters(): Counters {
    return this.#core.counters
  }

  nodes(): readonly NodeView[] {
    return this.#core.nodes()
  }

  drain(name: string): boolean {
    return this.#core.drain(name)
  }

  undrain(name: string): boolean {
    return this.#core.undrain(name)
  }

  createTokenTable(): Promise<void> {
    return this.#core.createTokenTable()
  }

  purgeTokens(hours?: number): Promise<number> {
    return this.#core.purgeTokens(hours)
  }
}

/** Only what somebody listens to: some make a promise pool for each statement. */
function tellOn(core: EventEmitter, listened: EventEmitter): void {
  const told = new Set<string>()
  listened.on('newListener', (event: string) => {
    if (!OWN_EVENTS.has(event) || told.has(event)) return
    told.add(event)
    core.on(event, (what) => listened.emit(event, what))
  })
}

const plain = (sql: string): Work => ({ protocol: 'query', options: { sql } })

function viewOf(node: Node, { writer }: Cluster): NodeView {
  return { name: node.name, state: node.health?.state ?? 'unknown', why: node.health?.why ?? 'not looked at yet', drained: node.drained, writer: node === writer, busy: node.busy }
}
