import type { ErrorShape } from '../../errors.ts'
import type { Departure } from '../departure.ts'
import type { Answer, Proposal } from '../fence.ts'
import type { Gtid } from '../gtid.ts'
import type { Gvwstate } from '../gvwstate.ts'
import type { NodeStatus } from '../node-status.ts'
import type { Observation } from '../observation.ts'
import type { View } from '../view.ts'
import type { DatadirState, Handle, Override, Settings } from './state.ts'

/** What an agent learns: by the clock, of its server, of its peers, of people. */
export type Input = Moment & (Tick | Result | Message | Command)

export interface Moment {
  /** Monotonic, milliseconds. */
  readonly now: number
  /** ISO 8601; may be wrong. */
  readonly at: string
  /** This input was taken before, and what it had the ledger record could not be written. */
  readonly unwritten?: string
}

interface Tick {
  readonly in: 'tick'
}

/** Of an effect; `op` says of which. */
export type Result = { readonly op: number } & (
  | { readonly in: 'looked'; readonly look: Look }
  | { readonly in: 'read'; readonly datadir: DatadirState }
  | { readonly in: 'heard'; readonly observations: readonly Observation[]; readonly settings: Settings | null }
  | { readonly in: 'prepared' }
  | { readonly in: 'answered'; readonly answers: readonly Answer[] }
  | { readonly in: 'room-made'; readonly madeEmpty: boolean }
  | { readonly in: 'launched'; readonly server: Handle }
  | { readonly in: 'repaired' }
  | { readonly in: 'ended'; readonly clean: boolean }
  | { readonly in: 'clean-stop'; readonly position: Gtid | null }
  | { readonly in: 'announced' }
  | { readonly in: 'failed'; readonly error: ErrorShape }
)

/** From peers; `id` names who is to be answered. */
export type Message =
  | { readonly in: 'proposal'; readonly proposal: Proposal; readonly id: number }
  | { readonly in: 'departure'; readonly departure: Departure; readonly id: number }
  | { readonly in: 'nudge-peers' }

/** From people and from this host. */
export type Command =
  | { readonly in: 'start'; readonly restored: boolean; readonly id: number }
  | { readonly in: 'stop'; readonly timeout: number; readonly quit: boolean }
  | { readonly in: 'override'; readonly override: Override; readonly id: number }
  | { readonly in: 'settings'; readonly settings: Settings }
  /** Something happened at the server: look at once. */
  | { readonly in: 'nudge' }
  /** Peers that somebody else has asked. */
  | { readonly in: 'observed'; readonly observations: readonly Observation[] }

/** What one look at the gear's server shows. */
export interface Look {
  /** null: certainly none runs. `unknown`: nobody can say now, which is no death. */
  readonly server: Handle | null | 'unknown'
  /** `closed`: nothing accepts connections. `busy`: something does, and gives no status. */
  readonly sql: 'answers' | 'busy' | 'closed'
  readonly status: NodeStatus | null
  /** What the server's own tables say of its view; null where they say nothing sane. */
  readonly view: View | null
  /** Its votes as Galera counts them; null where it was not asked or does not tell. */
  readonly weight: number | null
  readonly gvwstate: Gvwstate | null
  /** A state transfer to it is under way, by a script beside it or a donor's word. */
  readonly transfer: boolean
  /** Whatever changes while the server does anything: its log, its CPU time, its datadir. */
  readonly work: string
  /** What its log says went wrong since it was launched, the cause first; only where it has ended or is outside of its group. */
  readonly errors: readonly string[]
  /** Where that log is, in a sentence. */
  readonly log: string
  /** What a donor that failed to send its state said, if it was lately. */
  readonly refusedBy: { readonly from: string; readonly text: string } | null
}
