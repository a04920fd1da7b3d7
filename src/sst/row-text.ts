import { NULL_FIELD } from './packets.ts'

/** Bytes of a part of text. */
const PART = 163_840

/** Input is taken in runs of at most this; escaping at most doubles them. */
const RUN = 16_384

const BACKSLASH = 0x5c
const TAB = 0x09
const NEWLINE = 0x0a

const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Turns rows of the text protocol into what LOAD DATA reads: fields ended by tabs, rows by newlines,
 * backslash as the escape, NULL as \N. A field may be longer than memory: its bytes pass as they come.
 * Source: mariadb.com/kb/en/resultset-row, mariadb.com/kb/en/load-data-infile.
 */
export class RowText {
  readonly #ship: (text: Buffer, rowsEnd: number) => void
  readonly #allocate: () => Buffer
  #out = NOTHING
  #at = 0
  #rowsEnd = 0
  #firstField = true
  /** Bytes of the present field that are still to come; -1: its length is being read. */
  #left = -1
  #length = 0
  #lengthBytes = 0
  #lengthRead = 0

  /** `allocate` gives the buffer for the next part, of more than twice a run; `ship` gets each finished part of text and where in it the last whole row ends, 0 where none does; its bytes are not used again here. */
  constructor(ship: (text: Buffer, rowsEnd: number) => void, allocate: () => Buffer = () => Buffer.allocUnsafe(PART)) {
    this.#ship = ship
    this.#allocate = allocate
  }

  /** Bytes of one row, `from` to `to`. */
  add(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to) {
      if (this.#left < 0) {
        this.#readLength(bytes[at++] ?? 0)
        continue
      }
      const until = Math.min(to, at + this.#left, at + RUN)
      this.#escape(bytes, at, until)
      this.#left -= until - at
      at = until
      if (this.#left === 0) this.#left = -1
    }
  }

  endRow(): void {
    this.#makeRoom(1)
    this.#out[this.#at++] = NEWLINE
    this.#rowsEnd = this.#at
    this.#firstField = true
  }

  /** What is left goes out. */
  flush(): void {
    if (this.#at === 0) return
    const text = this.#out.subarray(0, this.#at)
    const rowsEnd = this.#rowsEnd
    this.#out = NOTHING
    this.#at = this.#rowsEnd = 0
    this.#ship(text, rowsEnd)
  }

  /** A length is one byte up to 250; 252, 253 and 254 announce 2, 3 and 8 bytes, little-endian; 251 is NULL. */
  #readLength(byte: number): void {
    if (this.#lengthBytes === 0) {
      if (byte > NULL_FIELD) this.#lengthBytes = byte === 0xfc ? 2 : byte === 0xfd ? 3 : 8
      else this.#beginField(byte)
      return
    }
    this.#length += byte * 2 ** (8 * this.#lengthRead)
    if (++this.#lengthRead < this.#lengthBytes) return
    const length = this.#length
    this.#length = this.#lengthBytes = this.#lengthRead = 0
    this.#begin(length)
  }

  #beginField(byte: number): void {
    if (byte !== NULL_FIELD) return this.#begin(byte)
    this.#begin(0)
    this.#out[this.#at++] = BACKSLASH
    this.#out[this.#at++] = 0x4e
  }

  #begin(length: number): void {
    this.#makeRoom(3)
    if (!this.#firstField) this.#out[this.#at++] = TAB
    this.#firstField = false
    this.#left = length === 0 ? -1 : length
  }

  #escape(bytes: Buffer, from: number, to: number): void {
    this.#makeRoom(2 * (to - from))
    const out = this.#out
    let at = this.#at
    for (let index = from; index < to; index++) {
      const byte = bytes[index] as number
      if (byte === BACKSLASH || byte === TAB || byte === NEWLINE) out[at++] = BACKSLASH
      out[at++] = byte
    }
    this.#at = at
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#out.length) return
    this.flush()
    this.#out = this.#allocate()
  }
}
