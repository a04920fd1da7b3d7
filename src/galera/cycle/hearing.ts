import type { Observation } from '../observation.ts'
import type { Decision, RunningDecision } from '../decision.ts'
import type { Effect, Step } from './effect.ts'
import type { Settings, State } from './state.ts'

/** What peers say, as it reaches the state. */

/** Answers of all peers; the same answers are the same value. */
export function hear(state: State, { observations, settings }: { readonly observations: readonly Observation[]; readonly settings: Settings | null }): Step {
  const same = state.observations.length === observations.length && observations.every((one, at) => one === state.observations[at])
  if (same && (settings === null || settings === state.settings)) return { state, effects: [] }
  const heard: State = { ...state, observations: same ? state.observations : observations, settings: settings ?? state.settings }
  if (heard.override === null) return { state: heard, effects: [] }
  return observations.filter(({ kind }) => kind !== 'silent').reduce<Step>((step, { name }) => {
    const next = hearFrom(step.state, name)
    return { state: next.state, effects: [...step.effects, ...next.effects] }
  }, { state: heard, effects: [] })
}

/** A sign of life, also a proposal of its own: an override of a node that was believed to be gone is void then. */
export function hearFrom(state: State, name: string): Step {
  const { override } = state
  if (override?.gone.includes(name) !== true) return { state, effects: [] }
  const log: Effect = { do: 'log', level: 'warn', text: `the override is void: ${name}, which was given up, answers`, detail: { override } }
  return { state: { ...state, override: null }, effects: [log] }
}

/** The last decision, where it was made from the same facts; else null. */
export function sameFacts({ considered, observations, override }: State, self: Observation, majority: boolean): Decision | RunningDecision | null {
  const same = considered !== null && considered.self === self && considered.observations === observations
    && considered.majority === majority && considered.override === override
  return same ? considered.decision : null
}
