import type { Socket } from 'node:net'
import { type Connection, type ConnectionOptions, createConnection, type FieldPacket, type QueryOptions } from 'mysql2'
import type { SqlError } from '../errors.ts'

/** Milliseconds. */
const CLOSES_WITHIN = 2_000

/** What is sent, as the application gave it. */
export interface Work {
  readonly protocol: 'query' | 'execute'
  readonly options: QueryOptions
  /** What the server will get, where values put SQL into it: then it says what kind of statement it is. */
  readonly text?: string
}

export interface Answer {
  readonly rows: unknown
  readonly fields: FieldPacket[] | undefined
}

export type Answered = (error: SqlError | null, rows: unknown, fields?: FieldPacket[]) => void
type Sent = { readonly sql: string }
type Send = (options: QueryOptions, done: Answered) => Sent

/** One connection to one node. It never comes back to life. */
export class Link {
  readonly connection: Connection
  /** Why it is no more; null while it lives. */
  dead: Error | null = null
  /** It has something that the next user must not see: then it is not used again. */
  tainted = false
  /** What is under way on it changes nothing, and is answered by any other node as well. */
  repeatable = false
  /** wsrep_sync_wait as we have set it; 0 as the server has it. */
  syncWait = 0
  idleSince = 0
  /** Its user knows its threadId. */
  told = false
  readonly #onDead = new Set<() => void>()

  /** Settles when it is connected; rejects with what mysql2 reports. */
  readonly ready: Promise<void>

  constructor(options: ConnectionOptions) {
    this.connection = createConnection(options)
    this.connection.on('error', (error: Error) => this.#die(error))
    this.connection.on('end', () => this.#die(lost('the server closed the connection')))
    this.ready = new Promise((resolve, reject) => {
      this.connection.connect((error) => {
        if (error === null || error === undefined) return resolve()
        this.kill(error)
        reject(this.dead ?? error)
      })
    })
    this.ready.catch(() => undefined)
  }

  /** Called when it dies. @returns what to call where that is no longer wanted */
  onDead(call: () => void): () => void {
    this.#onDead.add(call)
    return () => void this.#onDead.delete(call)
  }

  /** Calls back with what mysql2 reports; may throw as mysql2 does for values that can't be. @returns the text with its values in it, where it was sent as text */
  send({ protocol, options }: Work, done: Answered): string {
    const send = (protocol === 'query' ? this.connection.query : this.connection.execute) as unknown as Send
    let over = false
    return send.call(this.connection, options, (error, rows, fields) => {
      // A lost connection is told for PREPARE and for EXECUTE, and once more after a timeout.
      if (over) return
      over = true
      // Not from the server (a timeout, a typeCast that throws): what is still to come would be taken for the answer to the next statement.
      if (error !== null && error !== undefined && error.sqlState === undefined) this.kill(error)
      done(error, rows, fields)
    }).sql
  }

  /** Rejects with what mysql2 reports. `sent` gets the text with its values in it, where it was sent as text. */
  run(work: Work, sent?: (sql: string) => void): Promise<Answer> {
    if (this.dead !== null) return Promise.reject(this.dead)
    return new Promise((resolve, reject) => {
      const sql = this.send(work, (error, rows, fields) => (error === null || error === undefined ? resolve({ rows, fields }) : reject(error)))
      sent?.(sql)
    })
  }

  /** For our own statements. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<readonly Readonly<Record<string, unknown>>[]> {
    // Values by the protocol: queryFormat is the application's.
    const { rows } = await this.run({ protocol: values.length > 0 ? 'execute' : 'query', options: { sql, values: [...values], rowsAsArray: false, nestTables: false, typeCast: true, namedPlaceholders: false } as QueryOptions })
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  }

  /** Whatever is under way on it fails now, also where the server is silent. */
  kill(reason: Error): void {
    this.#die(reason)
    ;(this.connection as unknown as { stream: { destroy: () => void } }).stream.destroy()
  }

  /** In order, when nothing is under way. */
  close(): void {
    this.#die(lost('the connection was closed'))
    // Whoever hangs does not end it.
    this.connection.end(() => {
      const { stream } = this.connection as unknown as { stream: Socket }
      if (stream.destroyed) return
      const cut = setTimeout(() => stream.destroy(), CLOSES_WITHIN)
      stream.once('close', () => clearTimeout(cut))
    })
  }

  #die(reason: Error): void {
    if (this.dead !== null) return
    this.dead = reason
    for (const call of this.#onDead) call()
    this.#onDead.clear()
  }
}

const lost = (message: string): SqlError => Object.assign(new Error(message), { fatal: true, code: 'PROTOCOL_CONNECTION_LOST' })
