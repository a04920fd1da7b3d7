import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createTarPacker } from 'modern-tar'

/**
 * One tar archive that several write to, one member after the other. The output's pace holds them back.
 */
export class TarWriter {
  readonly #packer = createTarPacker()
  readonly #piped: Promise<void>
  readonly #time = new Date()
  #turn: Promise<void> = Promise.resolve()
  #bytes = 0

  /** `output` ends with the archive, and is destroyed where that fails. */
  constructor(output: Writable) {
    this.#piped = pipeline(Readable.fromWeb(this.#packer.readable), output)
    this.#piped.catch((error) => this.#packer.controller.error(error))
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

  /** By who has the turn. */
  async put(name: string, text: readonly Buffer[]): Promise<void> {
    const size = text.reduce((sum, { length }) => sum + length, 0)
    const body = this.#packer.controller.add({ name, size, mtime: this.#time, mode: 0o600 }).getWriter()
    for (const part of text) await body.write(part)
    await body.close()
    this.#bytes += size
  }

  /** Resolves when the output has taken all. */
  async end(): Promise<void> {
    this.#packer.controller.finalize()
    await this.#piped
  }

  /** The output is destroyed. */
  async fail(error: Error): Promise<void> {
    this.#packer.controller.error(error)
    await this.#piped.catch(() => undefined)
  }
}
