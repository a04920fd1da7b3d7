/** What a pool did; numbers only grow. */
export interface Counters {
  reads: number
  writes: number
  transactions: number
  /** Statements outside a transaction that were given to another node. */
  failovers: number
  /** Transactions that were repeated. */
  replays: number
  /** Of those, for a conflict with another transaction (1213). */
  conflicts: number
  mismatches: number
  /** Reads that waited for a node to apply what this pool had written, and those that waited in vain. */
  causalWaits: number
  causalTimeouts: number
  /** COMMITs whose connection was lost: found out by token, or not. */
  resolvedCommits: number
  unknownOutcomes: number
}

export const newCounters = (): Counters => ({ reads: 0, writes: 0, transactions: 0, failovers: 0, replays: 0, conflicts: 0, mismatches: 0, causalWaits: 0, causalTimeouts: 0, resolvedCommits: 0, unknownOutcomes: 0 })
