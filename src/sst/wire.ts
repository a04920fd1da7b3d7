import type { Socket } from 'node:net'
import { checkServerIdentity, TLSSocket } from 'node:tls'
import { type AuthPlugin, type Connection, type ConnectionOptions, createConnection, type SslOptions } from 'mysql2'
import { Answer, type RowReader } from './answer.ts'
import { header, packetsOf } from './packets.ts'
import { connectReusing, type ReusedBuffer } from './reused-buffer.ts'
import { RowText } from './row-text.ts'
import { RowValues, type Value } from './row-values.ts'

const COM_QUIT = 0x01
const COM_QUERY = 0x03

/** What is used of mysql2 beyond its types: its socket, and the parser that gets the socket's bytes. */
type Opened = Connection & { readonly stream: Socket; packetParser: { execute: (bytes: Buffer) => void } }

/** Definitions are in the character set of their making, so they are bytes. */
export type Statement = string | Buffer

/** Gets text in parts; a part that is not taken yet holds back the next. */
export interface TextSink {
  /** `rowsEnd`: the bytes behind the last whole row in it; 0 where no row ends there. */
  readonly write: (text: Buffer, rowsEnd: number) => void
  /** Whether the sender should pause. */
  readonly full: () => boolean
  /** Calls back once when it is no longer full. */
  readonly onceReady: (resume: () => void) => void
}

/** With these a server can have the password itself; our users have mysql_native_password. */
const refuse: AuthPlugin = () => () => {
  throw new Error('the server asks for the password in a way that would give it away')
}

const NO_ROWS: RowReader = { add: () => undefined, endRow: () => undefined }

/**
 * mysql2 compares an IP address with `localhost`, so that is done here, behind the login: the server has the CA's trust and the
 * answer to its challenge by then, and gets nothing else.
 */
function wrongName(stream: Socket, host = ''): Error | undefined {
  return stream instanceof TLSSocket ? checkServerIdentity(host, stream.getPeerCertificate(true)) : new Error('the session has no TLS')
}

/**
 * One SQL session for copying tables. mysql2 opens it (login, TLS) and is out of the way then: rows
 * go through in pieces, so that one of a gigabyte takes no more memory than one of a kilobyte, and bytes stay bytes.
 * One command at a time.
 */
export class Wire implements Disposable {
  readonly #connection: Opened
  #answer: Answer | null = null
  #fail: ((error: Error) => void) | null = null
  #broken: Error | null = null

  private constructor(connection: Opened, reused: ReusedBuffer | null) {
    this.#connection = connection
    const feed = (bytes: Buffer) => this.#answer?.feed(bytes)
    connection.packetParser = { execute: feed }
    if (reused !== null) reused.take = feed
    const broken = (error: Error) => {
      this.#broken ??= error
      this.#fail?.(error)
    }
    connection.on('error', broken)
    connection.stream.on('close', () => broken(new Error('the connection was closed')))
  }

  /** Rejects with mysql2's error where the server can't be reached or refuses the login; with TLS's where its certificate is not of `host`. */
  static open({ ssl: shared, ...options }: Omit<ConnectionOptions, 'ssl'> & { readonly ssl?: SslOptions }): Promise<Wire> {
    // mysql2 resumes TLS sessions of the same object, and a resumed one shows no certificate.
    const ssl = shared === undefined ? undefined : { ...shared }
    const reused = options.socketPath === undefined ? null : connectReusing(options.socketPath)
    const connection = createConnection({ ...(reused === null ? {} : { stream: () => reused.socket }), charset: 'UTF8MB4_GENERAL_CI', flags: ['+LOCAL_FILES'], authPlugins: { caching_sha2_password: refuse, sha256_password: refuse, mysql_clear_password: refuse }, ...options, ...(ssl === undefined ? {} : { ssl }) }) as Opened
    return new Promise((resolve, reject) => {
      connection.once('error', reject)
      connection.once('connect', () => {
        connection.removeListener('error', reject)
        const foreign = ssl === undefined ? undefined : wrongName(connection.stream, options.host)
        const wire = new Wire(connection, reused)
        if (foreign === undefined) return resolve(wire)
        wire[Symbol.dispose]()
        reject(foreign)
      })
    })
  }

  /** Rejects with SqlError, or with an Error where the connection broke. */
  async execute(sql: Statement): Promise<void> {
    await this.#command(sql, NO_ROWS)
  }

  async executeAll(statements: readonly Statement[]): Promise<void> {
    for (const statement of statements) await this.execute(statement)
  }

  /** A small result whole. */
  async rows(sql: string): Promise<readonly (readonly Value[])[]> {
    const values = new RowValues()
    await this.#command(sql, values)
    return values.rows
  }

  /** The rows of a SELECT as LOAD DATA's text, in parts as large as `allocate` gives buffers, held back while `sink` is full. @returns the number of rows */
  async read(sql: string, sink: TextSink, allocate?: () => Buffer): Promise<number> {
    let rows = 0
    const text = new RowText((part, rowsEnd) => {
      sink.write(part, rowsEnd)
      if (!sink.full()) return
      this.#connection.stream.pause()
      sink.onceReady(() => this.#connection.stream.resume())
    }, allocate)
    await this.#command(sql, { add: (bytes, from, to) => text.add(bytes, from, to), endRow: () => {
      rows++
      text.endRow()
    } })
    text.flush()
    return rows
  }

  /**
   * LOAD DATA LOCAL: `start` gets where the text goes, and a function that ends it. It resolves when the server has taken all.
   * @returns the number of rows that it has now
   */
  load(sql: Statement, start: (sink: TextSink, end: () => void) => void): Promise<number> {
    return this.#command(sql, NO_ROWS, (first) => {
      let sequence = first
      const { stream } = this.#connection
      const sink: TextSink = {
        write: (text) => {
          stream.cork()
          stream.write(header(text.length, sequence++))
          stream.write(text)
          stream.uncork()
        },
        full: () => stream.writableNeedDrain,
        onceReady: (resume) => void stream.once('drain', resume),
      }
      start(sink, () => void stream.write(header(0, sequence++)))
    })
  }

  /** Says goodbye where nothing is under way: otherwise the server would log an aborted connection. */
  [Symbol.dispose](): void {
    const { stream } = this.#connection
    // mysql2's own destroy() waits for the other side, which may hang.
    if (this.#answer !== null || this.#broken !== null) return void stream.destroy()
    this.#broken = new Error('the connection was closed')
    stream.end(Buffer.concat(packetsOf(Buffer.from([COM_QUIT]), 0)))
    stream.unref()
  }

  #command(sql: Statement, rows: RowReader, wantsFile: (sequence: number) => void = () => undefined): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      if (this.#broken !== null) return reject(this.#broken)
      if (this.#answer !== null) return reject(new Error('the session is busy'))
      const settle = (outcome: number | Error) => {
        this.#answer = null
        this.#fail = null
        if (typeof outcome === 'number') resolve(outcome)
        else reject(outcome)
      }
      this.#fail = settle
      this.#answer = new Answer(rows, { done: settle, failed: settle, wantsFile })
      for (const part of packetsOf(Buffer.concat([Buffer.from([COM_QUERY]), typeof sql === 'string' ? Buffer.from(sql) : sql]), 0)) this.#connection.stream.write(part)
    })
  }
}
