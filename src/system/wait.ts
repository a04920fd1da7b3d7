import { setTimeout as delay } from 'node:timers/promises'
import { NotYetError } from '../errors.ts'

export interface WaitOptions {
  /** Milliseconds. */
  readonly timeout: number
  /** Milliseconds between two looks; default 50. */
  readonly interval?: number
  readonly signal?: AbortSignal
}

/**
 * The one way to wait: looks until `look` gives a value. `what`: a condition as in "the agent to answer".
 * @throws NotYetError `timeout` with that when time is up; the signal's reason
 */
export async function waitFor<Value>(what: string, look: () => Promise<Value | undefined>, options: WaitOptions): Promise<Value> {
  const deadline = performance.now() + options.timeout
  for (;;) {
    options.signal?.throwIfAborted()
    const value = await look()
    if (value !== undefined) return value
    if (performance.now() >= deadline) {
      throw new NotYetError('timeout', `Timed out after ${options.timeout / 1000} s waiting for ${what}`, 'Try again, or give it more time.')
    }
    await delay(options.interval ?? 50, undefined, { signal: options.signal }).catch((error: unknown) => {
      options.signal?.throwIfAborted()
      throw error
    })
  }
}

/**
 * The promise's outcome, unless time is up or the signal comes first; then it is ignored.
 * @throws NotYetError `timeout` after `timeout` milliseconds; the signal's reason
 */
export async function within<Value>(promise: Promise<Value>, timeout: number, signal?: AbortSignal): Promise<Value> {
  promise.catch(() => undefined)
  const over = new AbortController()
  const late = delay(timeout, undefined, { signal: signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]) }).then(() => {
    throw new NotYetError('timeout', `no answer within ${timeout / 1000} s`, 'Try again.')
  }, (error: unknown) => {
    signal?.throwIfAborted()
    throw error
  })
  return Promise.race([promise, late]).finally(() => over.abort())
}
