import type { ErrorShape } from '../../errors.ts'
import type { Effect, Step } from './effect.ts'
import { hear } from './hearing.ts'
import type { Command, Moment } from './input.ts'
import { after, look, unchanged } from './moves.ts'
import type { State } from './state.ts'
import { endSooner } from './stopping.ts'

/** What people and this host's galeractl ask for. */
export function onCommand(state: State, input: Moment & Command): Step {
  switch (input.in) {
    case 'start':
      return start(state, input)
    case 'stop':
      return stop(state, input)
    case 'override':
      return takeOverride(state, input)
    case 'settings':
      return unchanged({ ...state, settings: input.settings })
    case 'nudge':
      return nudge(state, input)
    case 'observed':
      return hear(state, { observations: input.observations, settings: null })
    default:
      input satisfies never
      return unchanged(state)
  }
}

function start(state: State, input: Moment & Extract<Command, { in: 'start' }>): Step {
  const error = state.stop?.quit === true ? AGENT_ENDS : null
  return after([{ do: 'confirm', id: input.id, error }], error === null ? begin(state, input) : unchanged(state))
}

export const AGENT_ENDS: ErrorShape = { code: 'agent-ends', exitCode: 4, message: 'the agent is ending', hint: 'Run the command again when galeractl stop has ended.' }

function begin(state: State, { restored, now }: Moment & Extract<Command, { in: 'start' }>): Step {
  const { at } = state.task
  if (state.intent === 'start' && at !== 'backing-off') return unchanged(restored ? { ...state, startsRestored: true } : state)
  const begun: State = { ...state, intent: 'start', failure: null, failures: 0, startsRestored: restored, round: 0, refusals: 0, turnSince: null }
  // A task that waits for a result goes on to the start by itself.
  if (state.task.at === 'reading') return unchanged({ ...begun, task: { ...state.task, resumeAt: now } })
  return at === 'resting' || at === 'backing-off' ? look(begun, 'tend') : unchanged(begun)
}

/** What was begun at the server is not cut off; everything else is. */
function stop(state: State, { timeout, quit }: Extract<Command, { in: 'stop' }>): Step {
  const sooner = state.stop !== null && timeout > 0 && timeout < (state.stop.timeout || state.settings.stopTimeout)
  const wanted: State = { ...state, intent: 'stay', override: null, askingSince: null, stop: { timeout: state.stop === null || sooner ? timeout : state.stop.timeout, quit: quit || state.stop?.quit === true } }
  const { at } = state.task
  const underWay = at === 'launching' || at === 'making-room' || at === 'ending' || at === 'recording-stop' || at === 'announcing-stop'
  if (sooner && at === 'ending') return endSooner(wanted, timeout)
  return underWay || state.stop !== null ? unchanged(wanted) : look(wanted, 'tend')
}

/** An operator has read what may be untrue by now. */
function takeOverride(state: State, { override, id }: Extract<Command, { in: 'override' }>): Step {
  const back = state.observations.find(({ kind, name }) => kind !== 'silent' && override.gone.includes(name))
  if (back !== undefined) {
    const error: ErrorShape = { code: 'not-gone', exitCode: 3, message: `${back.name} is answering again; it cannot be written off`, hint: 'See galeractl explain; run galeractl bootstrap --force again if it is still needed.' }
    return { state, effects: [{ do: 'confirm', id, error }] }
  }
  const log: Effect = { do: 'log', level: 'warn', text: 'an operator gives up nodes that are missing', detail: { override } }
  return { state: { ...state, override }, effects: [log, { do: 'confirm', id, error: null }] }
}

/** Something happened at the server: what a look that is under way shows may be older. */
function nudge(state: State, { now }: Moment): Step {
  if (state.task.at !== 'watching' || state.wakeAt === null) return unchanged(state.nudged ? state : { ...state, nudged: true })
  const soon = Math.max(now, state.lookedAt + state.pace)
  return unchanged({ ...state, nudged: true, wakeAt: Math.min(state.wakeAt, soon) })
}
