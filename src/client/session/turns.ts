/**
 * The calls of one connection, one after the other. One for which nothing has to be waited for may run without a promise (`now`): whoever comes meanwhile
 * stands behind it.
 */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve()
  /** Calls that are not answered yet. */
  #under = 0
  #now = false
  #endNow: (() => void) | null = null

  get isFree(): boolean {
    return this.#under === 0
  }

  /** In its turn. */
  take<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#under++
    // The first that comes meanwhile makes all that come later stand behind it.
    if (this.#now && this.#endNow === null) this.#tail = new Promise<void>((resolve) => (this.#endNow = resolve))
    const result = this.#tail.then(work)
    this.#tail = result.then(this.#less, this.#less)
    return result
  }

  beginNow(): void {
    this.#under++
    this.#now = true
  }

  endNow(): void {
    this.#now = false
    this.#endNow?.()
    this.#endNow = null
    this.#under--
  }

  readonly #less = (): void => void this.#under--
}
