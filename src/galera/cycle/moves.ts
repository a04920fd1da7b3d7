import type { ErrorShape } from '../../errors.ts'
import { recordLeaving } from '../ledger.ts'
import type { Effect, Step } from './effect.ts'
import type { Moment } from './input.ts'
import type { Phase, State, Task } from './state.ts'

/** What every part of the cycle is written with. */

/** Between two looks at a server that joins, at one that is up, and at one of which nothing is known, milliseconds. */
export const JOINING_INTERVAL = 25
export const WATCH_INTERVAL = 500
const UNKNOWN_INTERVAL = 1_000

/** Between two looks whether somebody has started a server by hand, milliseconds. */
const LOOKOUT_INTERVAL = 2_000

const LONGEST_BACKOFF = 60_000

export const unchanged = (state: State): Step => ({ state, effects: [] })

/** Goes on with an effect whose result is waited for. */
export function begin(state: State, task: Task, effect: (op: number) => Effect, ...others: readonly Effect[]): Step {
  const op = state.op + 1
  return { state: { ...state, task, op, wakeAt: null }, effects: [...others, effect(op)] }
}

/** Goes on by the clock; results that are under way come too late. */
export const pauseUntil = (state: State, task: Task, wakeAt: number): State => ({ ...state, task, op: state.op + 1, wakeAt })

export const say = (state: State, phase: Phase, message: string): State =>
  state.phase === phase && state.message === message ? state : { ...state, phase, message }

/** Looks at the gear's server; where a stop is wanted, for the last time and within a second. */
export function look(state: State, wanted: 'tend' | 'decide', ...others: readonly Effect[]): Step {
  const { server, joining } = state
  const purpose = state.stop === null ? wanted : 'stop'
  const within = purpose === 'stop' ? LAST_LOOK : null
  return begin(state, { at: 'looking', purpose }, (op) => ({ do: 'look', op, server, joining: joining !== null, within }), ...others)
}

/** How long a stop waits for the server's last word on its view, milliseconds. */
const LAST_LOOK = 1_000

/** `reload`: with the settings as they are on disk. */
export const ask = (state: State, reload: boolean): Step =>
  begin(state, { at: state.server === null ? 'asking' : 'asking-live' }, (op) => ({ do: 'ask', op, reload }))

/** No server runs, and none is to run. */
export const rest = (state: State, { now }: Moment, ...effects: readonly Effect[]): Step => ({
  state: pauseUntil(state, { at: 'resting' }, now + LOOKOUT_INTERVAL),
  effects,
})

/** It is not known whether a server runs: nothing is concluded, and it is looked at again. */
export function lookLater(state: State, { now }: Moment): Step {
  const told = state.server === null ? say(state, state.intent === 'start' ? 'waiting' : 'stopped', 'whether mariadbd runs cannot be seen now; looking again') : state
  return unchanged(pauseUntil(told, { at: state.server === null ? 'resting' : 'watching' }, now + UNKNOWN_INTERVAL))
}

/** The server is gone: what was known of it is void, its position must be read again. */
export function withoutServer(state: State): State {
  return {
    ...state, server: null, status: null, outsideSince: null, nonPrimarySince: null, lackingSince: null, repairs: 0, repairing: false, alarms: [],
    launched: null, joining: null, namedView: null, datadir: null, viewKnown: true, upSince: Infinity,
  }
}

/** An attempt has failed: it is told, and tried again a little later each time, but for what a person must decide. */
export function fail(state: State, moment: Moment, error: ErrorShape): Step {
  const refused = error.exitCode === 3
  const told: State = {
    ...state,
    failure: { ...error },
    failures: state.failures + 1,
    ...(refused ? { intent: 'stay' as const, override: null } : {}),
    ...(state.server === null ? { launched: null, joining: null } : {}),
    repairing: false,
    refusals: 0,
    round: 0,
    turnSince: null,
  }
  const said = say(told, told.intent === 'stay' ? 'stopped' : 'waiting', error.message)
  const log: Effect = { do: 'log', level: 'error', text: 'the start failed', detail: { failure: error } }
  const later = moment.now + Math.min(LONGEST_BACKOFF, 250 * 2 ** Math.min(20, state.failures))
  // What could not be read is not read again at once.
  if (said.server === null && said.datadir === null && state.task.at !== 'reading') return read(said, later, log)
  if (said.server === null && said.intent === 'stay') return rest(said, moment, log)
  return { state: pauseUntil(said, { at: 'backing-off' }, later), effects: [log] }
}

/** Reads the position of the data; a start goes on at `resumeAt`. */
export const read = (state: State, resumeAt: number, ...others: readonly Effect[]): Step =>
  begin(state, { at: 'reading', resumeAt }, (op) => ({ do: 'read', op }), ...others)

/** The error of a disk that cannot be written, where an input could not be recorded. */
export const unwrittenError = (why: string): ErrorShape => ({ code: 'ledger-unwritable', exitCode: 5, message: `the ledger cannot be written: ${why}`, hint: 'Make room on the disk of state/, or fix its permissions; the agent tries again.' })

/** Ends the server for a reason that is told when it has ended. */
export function end(state: State, kill: boolean, why: ErrorShape, ...effects: readonly Effect[]): Step {
  const { server, settings } = state
  if (server === null) return { state, effects }
  // Durably before the signal: a server that dies while it stops may have left in order.
  const ledger = kill ? state.ledger : recordLeaving(state.ledger, state.status?.primary === true)
  const silent: State = { ...state, ledger, status: null, repairing: false }
  return begin(silent, { at: 'ending', why, nodeUuid: null }, (op) => ({ do: 'end', op, server, kill, ...mannerOf(state, settings.stopTimeout) }), ...effects)
}

/** A server that has not joined yet holds nothing that is not elsewhere, and often hears SIGTERM late. Milliseconds. */
const UNJOINED_PATIENCE = 10_000

/** How a server is ended: what joins has scripts beside it that must go first; what re-forms waits for others only. */
export function mannerOf(state: State, timeout: number): { readonly patience: number; readonly joining: boolean } {
  const launch = state.joining?.unjoined === true ? launchOf(state) : null
  return { patience: launch === 'join' || launch === 'reform' ? Math.min(timeout, UNJOINED_PATIENCE) : timeout, joining: launch === 'join' }
}

/** What the server was started for, as long as that is not over. */
export const launchOf = ({ joining, server }: State) => joining?.decision?.do ?? server?.launch ?? null

/** Until the peers are asked again: quick at first, then once a second. */
export function pause(state: State, { now }: Moment, ...effects: readonly Effect[]): Step {
  const wakeAt = now + (state.round < 40 ? 50 + jitter(state) : 1_000)
  return { state: { ...pauseUntil(state, { at: 'pausing' }, wakeAt), round: state.round + 1 }, effects }
}

/** 0 to 49 milliseconds, another for each node and round: proposals of nodes in step would cross again and again. */
function jitter({ settings: { name }, round }: State): number {
  let sum = round * 29
  for (let at = 0; at < name.length; at++) sum += name.charCodeAt(at) * (at + 7)
  return sum % 50
}

/** `first`, then what a step has to do. */
export const after = (first: readonly Effect[], { state, effects }: Step): Step => ({ state, effects: first.length === 0 ? effects : [...first, ...effects] })
