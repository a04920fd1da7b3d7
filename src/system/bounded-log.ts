import type { Logger } from './log.ts'

/** The same is written once in this time, milliseconds. */
const INTERVAL = 60_000

/** Texts that are remembered. */
const MOST_TEXTS = 100

/** For what strangers can bring about as often as they like: the first time is written at once, what follows as a count. */
export class BoundedLog {
  readonly #log: Logger
  readonly #seen = new Map<string, { at: number; more: number }>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** `times`: how often since it was last written. */
  say(level: 'warn' | 'error', text: string, details: object = {}): void {
    const now = performance.now()
    const seen = this.#seen.get(text)
    if (seen !== undefined && now - seen.at < INTERVAL) {
      seen.more++
      return
    }
    if (seen === undefined && this.#seen.size >= MOST_TEXTS) this.#seen.clear()
    this.#seen.set(text, { at: now, more: 0 })
    this.#log[level]({ ...details, ...(seen === undefined || seen.more === 0 ? {} : { times: seen.more + 1 }) }, text)
  }
}
