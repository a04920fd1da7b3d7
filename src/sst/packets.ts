/** A packet of this length goes on in the next one. */
export const FULL_PACKET = 0xff_ff_ff

const HEADER_BYTES = 4

export interface PacketHandler {
  /** A packet begins; `length` in bytes is that of its first part. */
  readonly begin: (firstByte: number, length: number) => void
  readonly data: (bytes: Buffer, from: number, to: number) => void
  /** `sequence`: the number of its last part. */
  readonly end: (sequence: number) => void
}

/**
 * Cuts what a MariaDB server sends into packets, without ever holding one: what has come is handed
 * on at once. Parts of 16 MiB are one packet.
 * Source: mariadb.com/kb/en/0-packet.
 */
export class Packets {
  readonly #handler: PacketHandler
  /** Length in three bytes, little-endian, then a sequence number. */
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** Bytes of the present part that are still to come. */
  #left = 0
  #begun = false

  constructor(handler: PacketHandler) {
    this.#handler = handler
  }

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#headerBytes < HEADER_BYTES) {
        at += this.#readHeader(bytes, at)
        continue
      }
      if (!this.#begun) this.#handler.begin(bytes[at] ?? 0, this.#length)
      this.#begun = true
      const to = Math.min(bytes.length, at + this.#left)
      this.#handler.data(bytes, at, to)
      this.#left -= to - at
      at = to
      if (this.#left === 0) this.#endPart()
    }
  }

  get #length(): number {
    return this.#header.readUIntLE(0, 3)
  }

  #readHeader(bytes: Buffer, from: number): number {
    const taken = bytes.copy(this.#header, this.#headerBytes, from, from + HEADER_BYTES - this.#headerBytes)
    this.#headerBytes += taken
    this.#left = this.#length
    if (this.#headerBytes === HEADER_BYTES && this.#left === 0) this.#endPart()
    return taken
  }

  #endPart(): void {
    this.#headerBytes = 0
    if (this.#length === FULL_PACKET) return
    if (this.#begun) this.#handler.end(this.#header[3] ?? 0)
    this.#begun = false
  }
}

/** Bytes as packets of one command, from sequence number `first` on; the caller sends nothing else of it. */
export function packetsOf(payload: Buffer, first: number): readonly Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0, sequence = first; ; at += FULL_PACKET, sequence++) {
    const part = payload.subarray(at, at + FULL_PACKET)
    parts.push(header(part.length, sequence), part)
    if (part.length < FULL_PACKET) return parts
  }
}

export function header(length: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUIntLE(length, 0, 3)
  bytes[3] = sequence & 0xff
  return bytes
}

/** In place of a field's length. */
export const NULL_FIELD = 0xfb

/** A length-encoded integer: one byte up to 250; 252, 253 and 254 announce 2, 3 and 8 bytes, little-endian. Source: mariadb.com/kb/en/protocol-data-types. */
export function readLength(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  const first = bytes[at] ?? 0
  if (first < NULL_FIELD) return { value: first, next: at + 1 }
  const width = first === 0xfc ? 2 : first === 0xfd ? 3 : 8
  return { value: bytes.readUIntLE(at + 1, Math.min(width, 6)), next: at + 1 + width }
}
