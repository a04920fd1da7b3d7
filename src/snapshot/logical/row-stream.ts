import type { TextSink, Wire } from '../../sst/wire.ts'
import { warningsOf } from '../../sst/copy-rows.ts'

/** So much may wait for a session, bytes: what comes for another one is behind it in the archive. */
const MOST_WAITING = 4 * 1024 * 1024

/** Text on its way into one LOAD DATA of a session. */
export class RowStream {
  readonly #wire: Wire
  readonly #into: string
  readonly #loaded: Promise<number>
  readonly #written: Promise<void>
  #waiting: Buffer[] = []
  #bytes = 0
  #ended = false
  /** Who waits for room; the writer, that waits for text or for the session. */
  #room: PromiseWithResolvers<void> | null = null
  #text: PromiseWithResolvers<void> | null = null
  #drain: PromiseWithResolvers<void> | null = null
  #error: Error | null = null

  constructor(wire: Wire, into: string, statement: Buffer) {
    this.#wire = wire
    this.#into = into
    const opened = Promise.withResolvers<{ sink: TextSink; end: () => void }>()
    this.#loaded = wire.load(statement, (sink, end) => opened.resolve({ sink, end }))
    this.#written = opened.promise.then(({ sink, end }) => this.#writeAll(sink, end))
    this.#loaded.catch((error: Error) => {
      this.#error = error
      opened.reject(error)
      for (const waiting of [this.#room, this.#text, this.#drain]) waiting?.reject(error)
    })
    this.#written.catch(() => undefined)
  }

  /** Resolves when there is room for more. */
  async push(text: Buffer): Promise<void> {
    if (this.#error !== null) throw this.#error
    this.#waiting.push(text)
    this.#bytes += text.length
    this.#text?.resolve()
    if (this.#bytes < MOST_WAITING) return
    await (this.#room = Promise.withResolvers<void>()).promise
  }

  /** Behind the last row. @returns the number of rows that were taken, and what the server warned of */
  async end(): Promise<{ readonly rows: number; readonly warnings: readonly string[] }> {
    this.#ended = true
    this.#text?.resolve()
    const [rows] = await Promise.all([this.#loaded, this.#written])
    return { rows, warnings: await warningsOf(this.#wire, this.#into) }
  }

  async #writeAll(sink: TextSink, end: () => void): Promise<void> {
    for (;;) {
      const text = this.#waiting.shift()
      if (text === undefined) {
        if (this.#ended) return end()
        await (this.#text = Promise.withResolvers<void>()).promise
        continue
      }
      sink.write(text, 0)
      if (sink.full()) await this.#drained(sink)
      this.#bytes -= text.length
      if (this.#bytes < MOST_WAITING) this.#room?.resolve()
    }
  }

  /** A session that broke never drains. */
  #drained(sink: TextSink): Promise<void> {
    this.#drain = Promise.withResolvers<void>()
    sink.onceReady(this.#drain.resolve)
    return this.#drain.promise
  }
}
