import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { createTarPacker } from 'modern-tar'

/**
 * One tar archive that several write to, one member after the other. The output's pace holds them back.
 */
export class TarWriter {
  readonly #packer = createTarPacker()
  readonly #output: Writable
  readonly #piped: Promise<void>
  /** Who waits until a block is written. */
  #waiting: { readonly block: Uint8Array; readonly written: PromiseWithResolvers<void> } | null = null
  readonly #time = new Date()
  #turn: Promise<void> = Promise.resolve()
  #bytes = 0

  /** `output` ends with the archive, and is destroyed where that fails. */
  constructor(output: Writable) {
    this.#output = output
    output.on('error', (error) => this.#packer.controller.error(error))
    output.on('close', () => this.#packer.controller.error(new Error('the output was closed')))
    this.#piped = this.#packer.readable.pipeTo(new WritableStream({ write: (block) => this.#write(block) }))
    this.#piped.catch((error) => this.#waiting?.written.reject(error))
  }

  /** Bytes of all members so far. */
  get bytes(): number {
    return this.#bytes
  }

  async add(name: string, ...text: readonly Buffer[]): Promise<void> {
    using _turn = await this.takeTurn()
    await this.put(name, text)
  }

  /** Until it is given back nobody else writes. */
  async takeTurn(): Promise<Disposable> {
    const before = this.#turn
    const turn = Promise.withResolvers<void>()
    this.#turn = turn.promise
    await before
    return { [Symbol.dispose]: () => turn.resolve() }
  }

  /** By who has the turn. Resolves when the output has called back for the text. */
  async put(name: string, text: readonly Buffer[]): Promise<void> {
    const size = text.reduce((sum, { length }) => sum + length, 0)
    const body = this.#packer.controller.add({ name, size, mtime: this.#time, mode: 0o600 }).getWriter()
    const block = text.at(-1)
    const written = Promise.withResolvers<void>()
    this.#waiting = block === undefined ? null : { block, written }
    for (const part of text) await body.write(part)
    await body.close()
    if (this.#waiting !== null) await written.promise
    this.#bytes += size
  }

  /** Resolves when the output has taken all. */
  async end(): Promise<void> {
    this.#packer.controller.finalize()
    await this.#piped
    this.#output.end()
    await once(this.#output, 'finish')
  }

  /** The output is destroyed. */
  fail(error: Error): void {
    this.#packer.controller.error(error)
    this.#output.destroy(error)
  }

  #write(block: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.write(block, (error) => {
        if (error) return reject(error)
        if (this.#waiting?.block === block) this.#waiting.written.resolve()
        resolve()
      })
    })
  }
}
