import { setTimeout as delay } from 'node:timers/promises'
import { OutsideError } from '../errors.ts'
import { within } from '../system/wait.ts'

/** Milliseconds. */
const INTERVAL = 1_000

export interface SilenceOptions {
  /** Anything that changes while work is done; a look that fails or hangs is no sign of life. */
  readonly signs: readonly (() => Promise<string>)[]
  /** Milliseconds. */
  readonly silence: number
  /** How often is looked, milliseconds. */
  readonly interval?: number
  readonly signal: AbortSignal
}

/**
 * Rejects when nothing has changed for `silence`: there is no limit for the whole, as nobody knows how much is to be
 * carried. Ends without a word when the signal comes.
 * @throws OutsideError `sst-silent`
 */
export async function watchSilence({ signs, silence, interval = INTERVAL, signal }: SilenceOptions): Promise<void> {
  const last = signs.map(() => '')
  let changed = performance.now()
  while (!signal.aborted) {
    const seen = await Promise.all(signs.map((look) => within(look(), interval).catch(() => '')))
    for (const [at, value] of seen.entries()) {
      if (value === '' || value === last[at]) continue
      last[at] = value
      changed = performance.now()
    }
    if (performance.now() - changed >= silence) throw new OutsideError('sst-silent', `no byte moved and the joiner did not work for ${silence / 1000} s`, 'Look at the network between donor and joiner and at the joiner\'s disk; sst-silence says how long is waited.')
    await delay(interval, undefined, { signal }).catch(() => undefined)
  }
}
