import type { ErrorShape, Fault } from '../../errors.ts'
import type { Decision, RunningDecision } from '../decision.ts'
import type { Proposal } from '../fence.ts'
import type { Launchable } from '../go-along.ts'
import type { Gvwstate } from '../gvwstate.ts'
import type { Ledger } from '../ledger.ts'
import type { NodeStatus } from '../node-status.ts'
import type { Data, Down, Launch, Live, Observation } from '../observation.ts'

/** What an agent is and does at one moment: a value, made anew by each step. Times are monotonic, in milliseconds. */
export interface State {
  readonly settings: Settings
  /** As it is on the disk. */
  readonly ledger: Ledger
  /** Why the ledger could not be written when that was last tried; null where it could. */
  readonly unwritten: string | null
  readonly intent: Down['intent']
  readonly task: Task
  /** Results of the task carry this number; those of an earlier task come too late. */
  readonly op: number
  /** When the task goes on by itself; null while it waits for a result. */
  readonly wakeAt: number | null
  readonly phase: Phase
  /** What it is doing, for people. */
  readonly message: string
  /** The gear's server process, as it was last seen. */
  readonly server: Handle | null
  readonly launched: Launch | null
  /** Until a server that was launched, or taken over before it was Primary, is Synced. */
  readonly joining: Joining | null
  readonly status: NodeStatus | null
  readonly statusAt: number
  /** Whether the ledger's view is the one that the status shows. */
  readonly viewKnown: boolean
  /** Seqno of the view whose id the ledger learned last: gvwstate.dat may be written a moment after the view. */
  readonly namedView: bigint | null
  /** Since when the server answers SQL while it is in no group. */
  readonly outsideSince: number | null
  /** Since when it is in a group that is not primary. */
  readonly nonPrimarySince: number | null
  /** Since when nobody in its component has the state, as far as it shows. */
  readonly lackingSince: number | null
  /** Attempts to make its component primary that came to nothing, in a row. */
  readonly repairs: number
  /** It is about to make its component primary: the fence is held; until when that may take. */
  readonly repairing: boolean
  readonly repairUntil: number
  /** When the server was last looked at, how soon it may be looked at again for news, and whether there are any. */
  readonly lookedAt: number
  readonly pace: number
  readonly nudged: boolean
  readonly datadir: DatadirState | null
  readonly readAt: number
  readonly observations: readonly Observation[]
  /** When a running node last asked the others. */
  readonly peersSeen: number
  readonly alarms: readonly Fault[]
  readonly considered: Considered | null
  readonly decision: Decision | RunningDecision | null
  /** Ids of views that would not re-form: their members decide otherwise from then on. */
  readonly givenUpViews: readonly string[]
  /** Since when it has been asking its peers without coming up. */
  readonly askingSince: number | null
  /** Rounds of asking since then; refusals in a row; since when others are let join first. */
  readonly round: number
  readonly refusals: number
  readonly turnSince: number | null
  readonly override: Override | null
  /** This agent made the datadir, and nothing but unfinished state transfers came into it since. */
  readonly madeEmpty: boolean
  /** A person has said that what was restored here long ago is to be started. */
  readonly startsRestored: boolean
  /** Why the last attempt to start ended, until the next one. */
  readonly failure: ErrorShape | null
  readonly failures: number
  readonly upSince: number
  /** A stop that was asked for and has not ended. */
  readonly stop: Stop | null
  readonly reports: Reports
}

/** The last reports, by what they were made of: the same facts are the same value. Only a memory of what follows from the state. */
export interface Reports {
  down: (Pick<State, 'ledger' | 'intent' | 'launched' | 'datadir' | 'settings' | 'givenUpViews' | 'status'> & { readonly silenced: boolean; readonly running: boolean; readonly value: Down }) | null
  live: (Pick<State, 'ledger' | 'status' | 'viewKnown' | 'repairing' | 'settings'> & { readonly synced: boolean; readonly value: Live }) | null
}

/** What the cycle needs of the settings; lengths of time in milliseconds. */
export interface Settings {
  readonly name: string
  /** Has a peer list. */
  readonly listed: boolean
  /** pc.weight. */
  readonly weight: number
  /** absent-members=majority. */
  readonly majority: boolean
  readonly absentWait: number
  readonly stopTimeout: number
}

/** What the node is doing, in the order of a start. */
export type Phase = 'stopped' | 'reading position' | 'asking peers' | 'waiting' | 'fencing' | 'launching' | 'joining' | 'running' | 'stopping'

/** A process, named for good by its pid and its start time. */
export interface Handle {
  readonly pid: number
  readonly startTime: string
  /** What it was launched for; null once it was Synced, or where somebody else started it. */
  readonly launch: Launch | null
}

/** What lies in a stopped node's datadir. */
export interface DatadirState {
  readonly data: Data
  readonly gvwstate: Gvwstate | null
  /**
   * Whether mariadbd may restore the view of gvwstate.dat: where grastate.dat does not name the history,
   * Galera ignores the start position and the restored component gets a new history [ran].
   */
  readonly restorable: boolean
  /** State files that were damaged, in words. */
  readonly damaged: readonly string[]
}

/** An operator's: whose data may be lost, and who is believed to be gone since it did not answer when this was given. */
export interface Override {
  readonly lose: readonly string[]
  readonly gone: readonly string[]
  readonly reason: string
}

export interface Joining {
  /** null: taken over, so that nobody knows what was decided. */
  readonly decision: Launchable | null
  readonly since: number
  /** When the peers are asked next whether anybody is Primary, and how often in a row nobody was. */
  readonly nextAsk: number
  readonly nobody: number
  /** The last sign of work of the server, when it was last looked for, and how often in a row there was no new one. */
  readonly work: string
  readonly workSeen: number
  readonly idle: number
  /** A state transfer to it was under way when it was last looked at. */
  readonly transfer: boolean
  /** One was at some time. */
  readonly received: boolean
  /** It is in no group yet, as far as was seen: it answers no SQL, or awaits the state. A server that is taken over is not before that was seen. */
  readonly unjoined: boolean
}

/** The facts of the last decision, so that the same facts are not decided twice. */
export interface Considered {
  readonly self: Down | Live
  readonly observations: readonly Observation[]
  readonly majority: boolean
  readonly override: Override | null
  readonly decision: Decision | RunningDecision
}

export interface Stop {
  /** Milliseconds until the server is killed. */
  readonly timeout: number
  /** The agent ends afterwards. */
  readonly quit: boolean
}

/** What the agent is at, and what it waits for; `phases.ts` has them as a table. */
export type Task =
  | { readonly at: 'resting' }
  | { readonly at: 'looking'; readonly purpose: 'tend' | 'decide' | 'stop' }
  | { readonly at: 'reading'; readonly resumeAt: number }
  | { readonly at: 'asking' }
  | { readonly at: 'pausing' }
  | { readonly at: 'preparing'; readonly decision: Launchable; readonly self: Down }
  | { readonly at: 'fencing'; readonly decision: Forking; readonly proposal: Proposal }
  | { readonly at: 'making-room'; readonly decision: Launchable; readonly epoch: number }
  | { readonly at: 'launching'; readonly decision: Launchable }
  | { readonly at: 'watching' }
  | { readonly at: 'asking-live' }
  | { readonly at: 'confirming'; readonly decision: Repair; readonly epoch: number }
  | { readonly at: 'repairing'; readonly decision: Repair }
  | { readonly at: 'ending'; readonly why: ErrorShape | null; readonly nodeUuid: string | null }
  | { readonly at: 'recording-stop'; readonly clean: boolean; readonly nodeUuid: string | null }
  | { readonly at: 'announcing-stop'; readonly clean: boolean }
  | { readonly at: 'backing-off' }

export type Repair = Extract<RunningDecision, { do: 'repair' }>
export type Forking = Launchable | Repair

/** Between two looks for news, milliseconds: twice as long each time, so that a flood of them costs little. */
export const LEAST_PACE = 20
export const LONGEST_PACE = 160

/** A stopped agent, before anything was looked at. */
export function initialState(settings: Settings, ledger: Ledger): State {
  return {
    settings, ledger, unwritten: null, intent: 'stay', task: { at: 'resting' }, op: 0, wakeAt: 0, phase: 'stopped', message: '',
    server: null, launched: null, joining: null, status: null, statusAt: -Infinity, viewKnown: true, namedView: null,
    outsideSince: null, nonPrimarySince: null, lackingSince: null, repairs: 0, repairing: false,
    repairUntil: -Infinity, lookedAt: -Infinity, pace: LEAST_PACE, nudged: false, datadir: null, readAt: -Infinity, observations: [],
    peersSeen: -Infinity, alarms: [], considered: null, decision: null, givenUpViews: [], askingSince: null, round: 0, refusals: 0,
    turnSince: null, override: null, madeEmpty: false, startsRestored: false, failure: null, failures: 0, upSince: Infinity, stop: null,
    reports: { down: null, live: null },
  }
}
