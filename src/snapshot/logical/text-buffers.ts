/** Bytes of one. */
export const BUFFER_BYTES = 1024 * 1024

/**
 * Buffers for text, used again when they have been written: to collect them costs a fifth of the time of a dump, and twice
 * the memory [ran].
 */
export class TextBuffers {
  readonly #free: Buffer[] = []
  readonly #mode: 'fresh' | 'reused'

  constructor(mode: 'fresh' | 'reused') {
    this.#mode = mode
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
  }

  /** Nobody looks at this text any more. */
  give({ buffer }: Buffer): void {
    if (this.#mode === 'reused' && buffer.byteLength === BUFFER_BYTES) this.#free.push(Buffer.from(buffer as ArrayBuffer))
  }
}
