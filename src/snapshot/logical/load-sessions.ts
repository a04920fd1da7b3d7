import type { Wire } from '../../sst/wire.ts'

/** Sessions that load, and what they are doing meanwhile. */
export class LoadSessions {
  readonly #open: () => Promise<Wire>
  readonly #most: number
  readonly #idle: Wire[] = []
  readonly #waiting: PromiseWithResolvers<Wire>[] = []
  readonly #working = new Set<Promise<void>>()
  #opened = 0
  /** Those that stay with one table until its end. */
  #kept = 0
  #error: Error | null = null

  constructor(open: () => Promise<Wire>, most: number) {
    this.#open = open
    this.#most = most
  }

  /**
   * A session that nobody uses, when there is one. More than `most` are opened where all of those stay with tables that end
   * later in the archive: as many tables as there were lanes when it was made.
   */
  async take(): Promise<Wire> {
    if (this.#error !== null) throw this.#error
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#opened < this.#most || this.#kept >= this.#opened) {
      this.#opened++
      return this.#open()
    }
    const waiting = Promise.withResolvers<Wire>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  give(wire: Wire): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(wire)
    else next.resolve(wire)
  }

  /** One that stays with a table; it is given back by `give` as well. */
  async keep(): Promise<Wire> {
    const wire = await this.take()
    this.#kept++
    return wire
  }

  giveKept(wire: Wire): void {
    this.#kept--
    this.give(wire)
  }

  /** Goes on beside; what it fails with is what everything fails with. */
  run(work: Promise<void>): void {
    const done = work.catch((error: Error) => this.#fail(error)).finally(() => this.#working.delete(done))
    this.#working.add(done)
  }

  /** Resolves when nothing goes on beside. */
  async rest(): Promise<void> {
    while (this.#working.size > 0 && this.#error === null) await Promise.race(this.#working)
    this.throwIfFailed()
  }

  throwIfFailed(): void {
    if (this.#error !== null) throw this.#error
  }

  #fail(error: Error): void {
    this.#error ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
