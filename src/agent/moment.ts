import type { Moment } from '../galera/cycle/input.ts'

/** Now, as the cycle takes it. */
export const moment = (): Moment => ({ now: performance.now(), at: new Date().toISOString() })
