import { connect, type Socket } from 'node:net'

/** Bytes of one read. */
const BUFFER = 262_144

export interface ReusedBuffer {
  /** Like net.connect; what comes is emitted as `data` until `take` is set. */
  readonly socket: Socket
  /** Gets what comes from then on; the bytes are of use only until it returns. */
  take: ((bytes: Buffer) => void) | null
}

/**
 * A Unix socket that always reads into the same buffer: a new one for each 64 KiB costs more than what is done with them, and
 * much memory until it is collected [ran: 22 % of the time of a large dump].
 */
export function connectReusing(path: string): ReusedBuffer {
  const reused: { -readonly [Key in keyof ReusedBuffer]: ReusedBuffer[Key] } = {
    take: null,
    socket: connect({ path, onread: { buffer: Buffer.alloc(BUFFER), callback: (length, buffer) => {
      const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, length)
      if (reused.take === null) reused.socket.emit('data', Buffer.from(bytes))
      else reused.take(bytes)
      return true
    } } }),
  }
  return reused
}
