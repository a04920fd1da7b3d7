import type { ErrorShape } from '../../errors.ts'
import type { Departure } from '../departure.ts'
import type { Answer, Proposal } from '../fence.ts'
import type { Fork } from '../fork.ts'
import type { Launchable } from '../go-along.ts'
import type { Gtid } from '../gtid.ts'
import type { Data } from '../observation.ts'
import type { Handle, State } from './state.ts'

/** What an agent has to do. Those with an `op` give one result, or `failed`. */
export type Effect = Op | Saying | Said

export type Op = { readonly op: number } & (
  /** `within`: milliseconds for all of it, and what was asked before over the same session fails now; null: as long as it takes. */
  | { readonly do: 'look'; readonly server: Handle | null; readonly joining: boolean; readonly within: number | null }
  /** What a dead server left is cleared first. */
  | { readonly do: 'read' }
  /** All peers at once. `reload`: the settings are read anew before. */
  | { readonly do: 'ask'; readonly reload: boolean }
  /** What must hold before anything is launched: certificate, scripts. */
  | { readonly do: 'prepare' }
  /** To each of these, and to listed peers whose name nobody knows. */
  | { readonly do: 'propose'; readonly proposal: Proposal; readonly to: readonly string[] }
  /** Before a join: data that must not be lost goes aside, `fork`: the cluster went on without it; what is half of a transfer goes. */
  | { readonly do: 'make-room'; readonly fork: Fork | null; readonly data: Data | null; readonly madeEmpty: boolean }
  | { readonly do: 'launch'; readonly decision: Launchable; readonly position: Gtid; readonly online: readonly string[] }
  /** pc.bootstrap=YES. */
  | { readonly do: 'repair' }
  /** SIGTERM, and SIGKILL when `patience` (milliseconds) is over; `kill`: SIGKILL at once. */
  | { readonly do: 'end'; readonly server: Handle; readonly kill: boolean; readonly patience: number; readonly joining: boolean }
  | { readonly do: 'read-clean-stop' }
  | { readonly do: 'announce'; readonly departure: Departure }
)

/** Done beside the cycle: nobody waits for it. */
export type Saying =
  /** The server was Synced: what it was launched for says nothing any more. */
  | { readonly do: 'settle-launch'; readonly server: Handle }
  /** These look at once how the others are. */
  | { readonly do: 'nudge'; readonly names: readonly string[] }

/** To whoever waits for it, and to the log. */
type Said =
  | { readonly do: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly do: 'confirm'; readonly id: number; readonly error: ErrorShape | null }
  /** `error`: it could not be ended. */
  | { readonly do: 'stopped'; readonly clean: boolean; readonly error: ErrorShape | null }
  | { readonly do: 'count-crash' }
  | { readonly do: 'log'; readonly level: 'info' | 'warn' | 'error' | 'fatal'; readonly text: string; readonly detail?: Readonly<Record<string, unknown>> }

/** The new state becomes true when its ledger is on the disk; the effects are carried out after that. */
export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}
