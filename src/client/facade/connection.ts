import { EventEmitter } from 'node:events'
import type { ConnectionOptions, Query, QueryOptions } from 'mysql2'
import type { Activity } from '../activity.ts'
import type { Work } from '../nodes/link.ts'
import { type SessionOptions, resolveSettings } from '../options.ts'
import type { Session } from '../session/session.ts'
import { classified } from '../sql/classified.ts'
import { Called, callOf, type Done } from './arguments.ts'
import { escape, escapeId, format } from './escape.ts'
import { later } from '../session/later.ts'
import { createQuery, PromisePoolConnection } from './driver.ts'
import { sendCommand } from './streamed.ts'

/** What the application holds: looks and behaves as a PoolConnection of mysql2, whose node is chosen statement by statement. */
export class GaleraConnection extends EventEmitter {
  readonly config: ConnectionOptions
  readonly session: Session
  readonly #giveBack: () => void
  readonly #activity: Activity
  #released = false
  #destroyed = false
  /** Calls that are not answered yet, and how many of them are streams. */
  #under = 0
  #streams = 0
  /** mysql2/promise looks at it. */
  _closing = false

  constructor(session: Session, config: ConnectionOptions, activity: Activity, giveBack: () => void) {
    super()
    this.#activity = activity
    this.session = session
    this.config = config
    this.#giveBack = giveBack
  }

  /** Of the real connection that was used last; null before the first statement. */
  get threadId(): number | null {
    return this.session.last?.link.connection.threadId ?? null
  }

  get authorized(): boolean {
    return !this.#released
  }

  /** Pools that keep connections look at it (knex, Sequelize). */
  get stream(): { readonly destroyed: boolean } {
    return { destroyed: this.#released }
  }

  query(sql: string | QueryOptions, values?: unknown, done?: Done): Query | Called {
    const { work, done: called } = callOf('query', sql, values, done)
    if (called === undefined) return this.#stream(work.options)
    return this.#run(work, called)
  }

  execute(sql: string | QueryOptions, values?: unknown, done?: Done): Called {
    const { work, done: called = () => undefined } = callOf('execute', sql, values, done)
    return this.#run(work, called)
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
    this.query('ROLLBACK', (error: Parameters<Done>[0]) => {
      this.session.release()
      done(error)
    })
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
  send(command: Query, options: QueryOptions, then: () => void): void {
    const { kind } = classified(options.sql)
    // Whatever begins or ends a transaction, or changes the session, is not for the connection alone.
    if (kind !== 'read' && kind !== 'write') {
      this.#run({ protocol: 'query', options }, (error, rows, fields) => {
        then()
        if (error !== null) command.emit('error', error)
        else {
          if (fields !== undefined) command.emit('fields', fields)
          for (const row of Array.isArray(rows) && fields !== undefined ? (rows as unknown[]) : [rows]) command.emit('result', row, 0)
          command.emit('end')
        }
      })
      return
    }
    this.#under++
    this.#activity.begin()
    this.#streams++
    const sent = this.session.stream(kind, (taken) => sendCommand(command, taken)).catch((error) => command.emit('error', error))
    sent.finally(() => {
      this.#streams--
      this.#answered()
      then()
    })
  }

  #stream({ values, ...options }: QueryOptions): Query {
    const command = createQuery(options as QueryOptions, values, undefined, this.config)
    if (this.#released) process.nextTick(() => command.emit('error', givenBack()))
    else this.send(command, { ...options, values } as QueryOptions, () => undefined)
    return command
  }

  #run(work: Work, done: Done): Called {
    if (this.#released) return refused(done)
    const command = new Called((error, rows, fields) => {
      this.#answered()
      done(error, rows, fields)
    })
    this.#under++
    this.#activity.begin()
    if (!this.session.runNow(work, command.done)) later(this.session.run(work), command.done)
    return command
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

function refused(done: Done): Called {
  const command = new Called(done)
  process.nextTick(command.done, givenBack())
  return command
}

const givenBack = (): Error => new Error('This connection was given back to the pool.')

/** The same with promises, as PoolConnection of mysql2/promise. */
export class GaleraPromiseConnection extends PromisePoolConnection {
  readonly #core: GaleraConnection

  constructor(core: GaleraConnection, promiseImpl?: PromiseConstructor) {
    super(core, promiseImpl)
    this.#core = core
  }

  configure(options: SessionOptions): this {
    this.#core.configure(options)
    return this
  }
}
