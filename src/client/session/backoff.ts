import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds. */
const FIRST = 5
const LONGEST = 500
/** A cluster that has stalled goes on at once: who waits for it is there soon after. */
const LONGEST_FOR_A_NODE = 50

/** Each time about twice as long, by chance, so that those who met do not meet again. */
export const backoff = (attempt: number, longest = LONGEST): Promise<void> => delay(Math.min(longest, FIRST * 2 ** attempt) * (0.5 + Math.random()))

/** Where nobody was met, but a node is not ready yet; for loops that time ends. */
export const untilReady = (attempt: number): Promise<void> => backoff(attempt, LONGEST_FOR_A_NODE)
