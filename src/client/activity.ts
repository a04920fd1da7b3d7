/** How many calls are under way, and who waits until there are none. */
export class Activity {
  #under = 0
  readonly #waiting: (() => void)[] = []

  begin(): void {
    this.#under++
  }

  readonly end = (): void => {
    if (--this.#under > 0) return
    for (const call of this.#waiting.splice(0)) call()
  }

  /** Calls back when none is under way, outside of this call. */
  atRest(call: () => void): void {
    if (this.#under === 0) process.nextTick(call)
    else this.#waiting.push(() => process.nextTick(call))
  }
}
