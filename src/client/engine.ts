import type { Causality } from './causality.ts'
import type { Counters } from './counters.ts'
import type { Cluster } from './nodes/cluster.ts'
import type { OldTokens } from './session/old-tokens.ts'

/** What happened, for those who listen. */
export interface Happening {
  readonly failover: { readonly from: string; readonly sql: string; readonly error: Error }
  readonly replay: { readonly from: string; readonly statements: number; readonly error: Error }
  readonly outcome: { readonly committed: boolean | null; readonly error: Error }
}

/** What all sessions of a pool share. */
export interface Engine {
  readonly cluster: Cluster
  readonly causality: Causality
  readonly counters: Counters
  readonly tokenTable: string
  readonly oldTokens: OldTokens
  readonly tell: <Name extends keyof Happening>(name: Name, what: Happening[Name]) => void
}
