import { Packets, readLength } from './packets.ts'

const OK_MARK = 0x00
const LOCAL_FILE_MARK = 0xfb
const EOF_MARK = 0xfe
const ERROR_MARK = 0xff

/** An end-of-rows packet is not longer; a row that begins with the same byte has a field of 16 MiB. */
const LONGEST_EOF = 8

/** What the server refuses, with its error number. */
export class SqlError extends Error {
  readonly errno: number

  constructor(errno: number, message: string) {
    super(message)
    this.name = 'SqlError'
    this.errno = errno
  }
}

/** Who gets the rows of an answer, in pieces as they come. */
export interface RowReader {
  readonly add: (bytes: Buffer, from: number, to: number) => void
  readonly endRow: () => void
}

export interface AnswerEvents {
  /** The answer is whole. `affected`: rows that a statement without a result has changed. */
  readonly done: (affected: number) => void
  readonly failed: (error: SqlError) => void
  /** The server wants the content of LOAD DATA LOCAL, from packet `sequence` on. */
  readonly wantsFile: (sequence: number) => void
}

/**
 * Reads the answer to one COM_QUERY: OK, an error, a request for a local file, or metadata and rows.
 * Source: mariadb.com/kb/en/result-set-packets.
 */
export class Answer {
  readonly #rows: RowReader
  readonly #events: AnswerEvents
  readonly #packets = new Packets({ begin: (first, length) => this.#begin(first, length), data: (bytes, from, to) => this.#data(bytes, from, to), end: (sequence) => this.#end(sequence) })
  #stage: 'start' | 'metadata' | 'rows' = 'start'
  #kind: 'ok' | 'file' | 'row' | 'eof' | 'error' | 'other' = 'other'
  /** An OK or error packet. */
  #whole: Buffer[] = []

  constructor(rows: RowReader, events: AnswerEvents) {
    this.#rows = rows
    this.#events = events
  }

  feed(bytes: Buffer): void {
    this.#packets.feed(bytes)
  }

  #begin(first: number, length: number): void {
    if (first === ERROR_MARK) this.#kind = 'error'
    else if (this.#stage === 'start') this.#kind = first === OK_MARK ? 'ok' : first === LOCAL_FILE_MARK ? 'file' : 'other'
    else if (first === EOF_MARK && length <= LONGEST_EOF) this.#kind = 'eof'
    else this.#kind = this.#stage === 'rows' ? 'row' : 'other'
  }

  #data(bytes: Buffer, from: number, to: number): void {
    if (this.#kind === 'row') this.#rows.add(bytes, from, to)
    else if (this.#kind === 'error' || this.#kind === 'ok') this.#whole.push(Buffer.from(bytes.subarray(from, to)))
  }

  #end(sequence: number): void {
    switch (this.#kind) {
      case 'row': return this.#rows.endRow()
      case 'ok': return this.#events.done(affectedOf(Buffer.concat(this.#whole)))
      case 'file': return this.#events.wantsFile(sequence + 1)
      case 'error': return this.#events.failed(errorOf(Buffer.concat(this.#whole)))
      case 'eof':
        if (this.#stage === 'rows') return this.#events.done(0)
        this.#stage = 'rows'
        return undefined
      case 'other':
        if (this.#stage === 'start') this.#stage = 'metadata'
        return undefined
      default: throw this.#kind satisfies never
    }
  }
}

/** A mark, then the number of rows as a length-encoded integer. Source: mariadb.com/kb/en/ok_packet. */
function affectedOf(packet: Buffer): number {
  return readLength(packet, 1).value
}

/** A mark, the number in two bytes, `#` and the SQL state in six, then the message. */
function errorOf(packet: Buffer): SqlError {
  return new SqlError(packet.readUInt16LE(1), packet.toString('utf8', packet[3] === 0x23 ? 9 : 3))
}
