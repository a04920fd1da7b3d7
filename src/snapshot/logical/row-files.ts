import type { TextSink } from '../../sst/wire.ts'
import { RowCutter, type TextPart } from './row-cutter.ts'
import type { TableWriter } from './table-writer.ts'
import type { TarWriter } from './tar-writer.ts'
import type { TextBuffers } from './text-buffers.ts'

/** A file of rows, bytes. Each lane holds up to three. */
const FILE_BYTES = 2 * 1024 * 1024

/**
 * Puts a text of rows into files of the archive as it comes. While one is written and another waits, the text is held back.
 */
export class RowFiles implements TextSink {
  readonly #tar: TarWriter
  readonly #table: TableWriter
  readonly #buffers: TextBuffers
  readonly #cutter = new RowCutter(FILE_BYTES, (part) => this.#take(part))
  /** Written one after the other. */
  #writing: Promise<void> = Promise.resolve()
  #unwritten = 0
  #resume: (() => void) | null = null
  readonly #failed = Promise.withResolvers<never>()
  /** What a row has that is cut into parts. */
  #open: { readonly turn: Disposable; readonly name: (part: number | null) => string; part: number } | null = null

  constructor(tar: TarWriter, table: TableWriter, buffers: TextBuffers) {
    this.#buffers = buffers
    this.#tar = tar
    this.#table = table
    this.#failed.promise.catch(() => undefined)
  }

  /** `read` writes all rows into this. @returns their number */
  async fill(read: (sink: TextSink) => Promise<number>): Promise<number> {
    const rows = await Promise.race([read(this), this.#failed.promise])
    this.#cutter.end()
    await Promise.race([this.#writing, this.#failed.promise])
    return rows
  }

  write(text: Buffer, rowsEnd: number): void {
    this.#cutter.add(text, rowsEnd)
  }

  full(): boolean {
    return this.#unwritten > 1
  }

  onceReady(resume: () => void): void {
    this.#resume = resume
  }

  #take(part: TextPart): void {
    this.#unwritten++
    this.#writing = this.#writing.then(() => this.#put(part))
    this.#writing.catch(this.#failed.reject)
  }

  async #put({ text, last }: TextPart): Promise<void> {
    const file = (this.#open ??= { turn: await this.#tar.takeTurn(), name: this.#table.nextFile(), part: 0 })
    await this.#tar.put(file.name(last && file.part === 0 ? null : ++file.part), text)
    for (const one of text) this.#buffers.give(one)
    if (last) {
      file.turn[Symbol.dispose]()
      this.#open = null
    }
    this.#unwritten--
    const resume = this.#resume
    if (this.full() || resume === null) return
    this.#resume = null
    resume()
  }
}
