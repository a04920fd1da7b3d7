import { EventEmitter } from 'node:events'
import type { ConnectionOptions, Query, QueryOptions } from 'mysql2'
import type { Activity } from '../activity.ts'
import type { Work } from '../nodes/link.ts'
import { type SessionOptions, resolveSettings } from '../options.ts'
import type { Session } from '../session/session.ts'
import { statementOf } from '../sql/classified.ts'
import { Called, callOf, type Done, type Own, refused, wrongIn } from './arguments.ts'
import { asSent, textOf } from './as-sent.ts'
import { escape, escapeId, format } from './escape.ts'
import { later } from '../session/later.ts'
import { commandFor, PromisePoolConnection } from './driver.ts'
import { sendCommand, tellAnswer } from './streamed.ts'

/** What the application holds: looks and behaves as a PoolConnection of mysql2, whose node is chosen statement by statement. */
export class GaleraConnection extends EventEmitter {
  readonly config: ConnectionOptions
  readonly session: Session
  readonly #giveBack: () => void
  readonly #activity: Activity
  readonly #own: Own | undefined
  #released = false
  #destroyed = false
  /** Calls that are not answered yet, and how many of them are streams. */
  #under = 0
  #streams = 0
  /** mysql2/promise looks at it. */
  _closing = false

  /** `own`: for statements whose options do not say it. */
  constructor(session: Session, config: ConnectionOptions, activity: Activity, giveBack: () => void, own?: Own) {
    super()
    this.#activity = activity
    this.#own = own
    this.session = session
    this.config = own === undefined ? config : { ...config, ...own }
    this.#giveBack = giveBack
  }

  /** Of the real connection that is used, or was last; null before the first statement. */
  get threadId(): number | null {
    const link = this.session.last?.link
    if (link === undefined) return null
    link.told = true
    return link.connection.threadId
  }

  get authorized(): boolean {
    return !this.#released
  }

  /** Pools that keep connections look at it (knex, Sequelize). */
  get stream(): { readonly destroyed: boolean } {
    return { destroyed: this.#released }
  }

  query(sql: string | QueryOptions, values?: unknown, done?: Done): Query | Called {
    const { work, done: called } = asSent(callOf('query', sql, values, done, this.#own), this.config)
    return called === undefined ? this.#stream(work) : this.#run(work, called)
  }

  execute(sql: string | QueryOptions, values?: unknown, done?: Done): Query | Called {
    const { work, done: called } = callOf('execute', sql, values, done, this.#own)
    return called === undefined ? this.#stream(work) : this.#run(work, called)
  }

  beginTransaction(done: Done = () => undefined): void {
    this.query('START TRANSACTION', done)
  }

  commit(done: Done = () => undefined): void {
    this.query('COMMIT', done)
  }

  rollback(done: Done = () => undefined): void {
    this.query('ROLLBACK', done)
  }

  /** Whether some node answers. */
  ping(done: Done = () => undefined): void {
    this.query('SELECT 1', (error: Parameters<Done>[0]) => done(error))
  }

  connect(done?: (error: Error | null) => void): void {
    if (done !== undefined) process.nextTick(done, null)
  }

  /** What is prepared is the text; each connection that runs it prepares it for itself, as `execute` does. */
  prepare(options: string | { sql: string }, done?: (error: Error | null, statement: unknown) => void): void {
    const sql = typeof options === 'string' ? options : options.sql
    // mysql2/promise looks at _connection.
    const prepared = { query: sql, _connection: this, execute: (values: unknown, called?: Done) => this.execute(sql, values, called), close: () => undefined }
    process.nextTick(() => (this.#released ? done?.(givenBack(), undefined) : done?.(null, prepared)))
  }

  unprepare(sql: string): void {
    this.session.last?.link.connection.unprepare(sql)
  }

  /** Settings of the session are given up, as the server does it. */
  reset(done: Done = () => undefined): void {
    if (this.#released) return void process.nextTick(done, givenBack())
    this.#under++
    this.#activity.begin()
    const end = (error: Parameters<Done>[0]) => {
      this.#answered()
      process.nextTick(done, error)
    }
    this.session.reset().then(() => end(null), end)
  }

  changeUser(_options: unknown, done: Done = () => undefined): void {
    process.nextTick(done, new Error('changeUser is not possible on a connection of a Galera pool: make another pool for another user.'))
  }

  /** What is given changes for this connection, from its next statement or transaction on. */
  configure(options: SessionOptions): this {
    this.session.settings = resolveSettings(this.session.settings, options)
    return this
  }

  /** What was called before is still answered, and only then others have its place. */
  release(): void {
    if (this.#released) return
    this.#released = true
    this._closing = true
    if (this.#under === 0) this.#leave()
  }

  destroy(): void {
    if (this.#released) return
    this.#destroyed = true
    this.session.destroy()
    this.release()
  }

  close(): void {
    this.destroy()
  }

  /** Rows that are still on their way go nowhere: some leave a stream halfway, and end its connection (drizzle). */
  end(done: (error?: Error | null) => void = () => undefined): void {
    if (this.#streams > 0) this.destroy()
    else this.release()
    process.nextTick(() => {
      this.emit('end')
      done(null)
    })
  }

  pause(): void {
    this.session.last?.link.connection.pause()
  }

  resume(): void {
    this.session.last?.link.connection.resume()
  }

  escape(value: unknown): string {
    return escape(this.config, value)
  }

  escapeId(value: string): string {
    return escapeId(value)
  }

  format(sql: string, values?: unknown): string {
    return format(this.config, sql, values)
  }

  promise(promiseImpl?: PromiseConstructor): GaleraPromiseConnection {
    return new GaleraPromiseConnection(this, promiseImpl)
  }

  [Symbol.dispose](): void {
    this.release()
  }

  /** Sends a command that somebody listens to; what became of it goes to those. `then` is called in any case. */
  send(command: Query, work: Work, then: () => void): void {
    const { kind, pin } = statementOf(work)
    // Whatever may change something, or is of one connection, is not for the connection alone.
    if (kind !== 'read' || pin !== null) {
      this.#run(work, (error, rows, fields) => {
        then()
        if (error === null) tellAnswer(command, rows, fields)
        else command.emit('error', error)
      })
      return
    }
    this.#under++
    this.#activity.begin()
    this.#streams++
    const sent = this.session.stream((taken) => sendCommand(command, taken, work)).catch((error) => command.emit('error', error))
    sent.finally(() => {
      this.#streams--
      this.#answered()
      then()
    })
  }

  #stream(work: Work): Query {
    const command = commandFor(work, this.config)
    const refusal = this.#refusal(work)
    if (refusal !== null) process.nextTick(() => command.emit('error', refusal))
    else this.send(command, work, () => undefined)
    return command
  }

  #run(work: Work, done: Done): Called {
    const refusal = this.#refusal(work)
    if (refusal !== null) return refused(done, refusal, work)
    const command = new Called((error, rows, fields) => {
      this.#answered()
      done(error, rows, fields)
    }, () => textOf(work, this.config))
    this.#under++
    this.#activity.begin()
    if (!this.session.runNow(work, command.done)) later(this.session.run(work), command.done)
    return command
  }

  #refusal(work: Work): Error | null {
    return this.#released ? givenBack() : wrongIn(work)
  }

  readonly #answered = (): void => {
    if (--this.#under === 0 && this.#released) this.#leave()
    this.#activity.end()
  }

  #leave(): void {
    // Also what was bound meanwhile.
    if (this.#destroyed) this.session.destroy()
    else this.session.release()
    this.#giveBack()
  }
}

const givenBack = (): Error => new Error('This connection was given back to the pool.')

/** The same with promises, as PoolConnection of mysql2/promise. */
export class GaleraPromiseConnection extends PromisePoolConnection {
  readonly #core: GaleraConnection

  constructor(core: GaleraConnection, promiseImpl?: PromiseConstructor) {
    super(core, promiseImpl)
    this.#core = core
  }

  // mysql2 applies its own connection's methods to what it takes for one.
  close(): void {
    this.#core.close()
  }

  override format(sql: string, values?: unknown): string {
    return this.#core.format(sql, values)
  }

  override pause(): void {
    this.#core.pause()
  }

  override resume(): void {
    this.#core.resume()
  }

  override unprepare(sql: string): void {
    this.#core.unprepare(sql)
  }

  configure(options: SessionOptions): this {
    this.#core.configure(options)
    return this
  }
}
