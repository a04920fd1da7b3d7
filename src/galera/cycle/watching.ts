import type { Step } from './effect.ts'
import { JOINING_INTERVAL, launchOf, pauseUntil, say, WATCH_INTERVAL } from './moves.ts'
import { isUp } from './report.ts'
import { LEAST_PACE, LONGEST_PACE, type State } from './state.ts'

/** A server that joins for longer is looked at less often, milliseconds. */
const LONG_JOIN = 30_000
const LONG_JOIN_INTERVAL = 250

/** Until the next look. */
export function watch(state: State, now: number): Step {
  const told = describe(state, now)
  const { joining, nudged, repairing } = told
  const pace = nudged ? Math.min(2 * told.pace, LONGEST_PACE) : LEAST_PACE
  const quick = repairing || (joining !== null && told.nonPrimarySince === null)
  const interval = quick ? (joining !== null && now - joining.since > LONG_JOIN ? LONG_JOIN_INTERVAL : JOINING_INTERVAL) : nudged ? pace : WATCH_INTERVAL
  return { state: { ...pauseUntil(told, { at: 'watching' }, now + interval), pace, nudged: false }, effects: [] }
}

function describe(state: State, now: number): State {
  const { status, joining, nonPrimarySince, phase } = state
  if (nonPrimarySince !== null) return phase === 'running' ? say(state, 'waiting', 'not in a primary component any more; Galera itself may mend it') : state
  if (isUp(state, now)) return say(state, 'running', 'Synced')
  if (status !== null) return say(state, 'joining', `mariadbd is ${status.localStateComment || 'connecting'}`)
  if (joining?.decision !== null && joining !== null) return say(state, 'joining', launchOf(state) === 'join' ? 'mariadbd starts; the state may be on its way from a donor' : 'mariadbd starts')
  return say(state, 'joining', 'mariadbd does not answer SQL')
}

