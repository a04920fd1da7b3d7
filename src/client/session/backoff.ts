import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds. */
const FIRST = 5
const LONGEST = 500

/** Each time about twice as long, by chance, so that those who met do not meet again. */
export const backoff = (attempt: number): Promise<void> => delay(Math.min(LONGEST, FIRST * 2 ** attempt) * (0.5 + Math.random()))
