import { BINLOG_MAGIC, damaged, EVENT, type EventHeader, HEADER_BYTES, parseHeader } from './binlog-event.ts'

/** A COMMIT with all its variables is shorter. */
const LONGEST_COMMIT = 4_096

/** An event that is complete: where it begins, and its bytes where they tell more than the header. */
type Seen = (header: EventHeader, event: Buffer | null, start: number) => void

/** Splits a binary log into events as it comes, in chunks of any size. Of large events only the header is kept. */
export class BinlogEvents {
  readonly #seen: Seen
  #rest = Buffer.alloc(0)
  /** What is passed over, and how many bytes of it are to come. */
  #passing: EventHeader | null = null
  #left = 0
  /** Bytes of complete events. */
  size = 0

  constructor(seen: Seen) {
    this.#seen = seen
  }

  /** @throws OutsideError `bad-binlog` */
  add(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    if (this.size === 0 && bytes.length >= BINLOG_MAGIC.length) {
      if (!bytes.subarray(0, BINLOG_MAGIC.length).equals(BINLOG_MAGIC)) throw damaged('its first bytes are another file\'s')
      this.size = at = BINLOG_MAGIC.length
    }
    for (let used = -1; used !== at && this.size > 0; ) {
      used = at
      at += this.#next(bytes, at)
    }
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  /** @returns how many bytes were used; 0: more must come */
  #next(bytes: Buffer, at: number): number {
    const there = bytes.length - at
    if (this.#passing !== null) {
      const passed = Math.min(this.#left, there)
      this.#left -= passed
      if (this.#left === 0) this.#end(this.#passing, null)
      return passed
    }
    if (there < HEADER_BYTES) return 0
    const header = parseHeader(bytes, at)
    if (this.size === BINLOG_MAGIC.length && header.type !== EVENT.format) throw damaged('it begins with another event than that of its format')
    if (isRead(header)) {
      if (there < header.length) return 0
      this.#end(header, bytes.subarray(at, at + header.length))
      return header.length
    }
    this.#passing = header
    this.#left = header.length - HEADER_BYTES
    if (this.#left === 0) this.#end(header, null)
    return HEADER_BYTES
  }

  #end(header: EventHeader, event: Buffer | null): void {
    const start = this.size
    this.#passing = null
    this.size += header.length
    this.#seen(header, event, start)
  }
}

/** Of all others the header is enough. */
function isRead({ type, length }: EventHeader): boolean {
  switch (type) {
    case EVENT.format:
    case EVENT.gtid:
    case EVENT.gtidList:
    case EVENT.xid:
    case EVENT.encryption:
      return true
    case EVENT.query:
      return length <= LONGEST_COMMIT
    default:
      return false
  }
}
