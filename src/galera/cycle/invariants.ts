import type { Effect, Op, Step } from './effect.ts'
import type { Input } from './input.ts'
import { PHASES } from './phases.ts'
import type { State, Task } from './state.ts'

export interface Invariant {
  readonly name: string
  /** What must hold of every step. */
  readonly holds: (before: State, input: Input, after: Step) => boolean
}

const BY_TIME: ReadonlySet<Task['at']> = new Set(['resting', 'pausing', 'watching', 'backing-off'])
const OF_STOP: ReadonlySet<Task['at']> = new Set(['looking', 'ending', 'recording-stop', 'announcing-stop', 'launching', 'making-room', 'resting', 'watching'])

const find = <Kind extends Effect['do']>(effects: readonly Effect[], kind: Kind): Extract<Effect, { do: Kind }> | undefined =>
  effects.find((effect): effect is Extract<Effect, { do: Kind }> => effect.do === kind)

/** Checked after each step of the simulation. */
export const INVARIANTS: readonly Invariant[] = [
  { name: 'a task follows another as the table of phases has it', holds: (before, _input, { state }) => before.op === state.op || before.task.at === state.task.at || PHASES[before.task.at].next.includes(state.task.at) || state.stop !== null },
  {
    name: 'what is waited for is under way: one effect, with the number of the task, or the clock',
    holds(before, _input, { state, effects }) {
      if (state.op === before.op) return effects.every((effect) => !('op' in effect))
      const [only, ...more] = effects.filter((effect): effect is Op => 'op' in effect)
      if (BY_TIME.has(state.task.at)) return only === undefined && (state.wakeAt !== null || state.task.at === 'resting')
      return only?.op === state.op && more.length === 0 && state.wakeAt === null
    },
  },
  { name: 'a stop that was asked for is on its way', holds: (_before, _input, { state }) => state.stop === null || OF_STOP.has(state.task.at) },
  { name: 'an epoch never goes back, and in one epoch the choice stays', holds: (before, _input, { state }) => isLater(before.ledger.promise, state.ledger.promise) },
  {
    name: 'nobody is asked to acknowledge what is not in the own ledger',
    holds(_before, _input, { state, effects }) {
      const asked = find(effects, 'propose')
      return asked === undefined || (state.ledger.promise?.epoch === asked.proposal.epoch && state.ledger.promise.chosen === asked.proposal.chosen)
    },
  },
  { name: 'no server is launched beside another', holds: (before, _input, { effects }) => find(effects, 'launch') === undefined || before.server === null },
  {
    name: 'a bootstrap is launched only by the node that the ledger has as chosen',
    holds(_before, _input, { state, effects }) {
      const launched = find(effects, 'launch')
      return launched?.decision.do !== 'bootstrap' || (state.ledger.promise?.kind === 'bootstrap' && state.ledger.promise.chosen === state.settings.name)
    },
  },
  { name: 'what joins is recorded as joining before it is launched', holds: (_before, _input, { state, effects }) => find(effects, 'launch')?.decision.do !== 'join' || state.ledger.joining },
  { name: 'pc.bootstrap is never given to a server in a primary component, or one that still receives its state', holds: (_before, _input, { state, effects }) => find(effects, 'repair') === undefined || (state.status !== null && !state.status.primary && state.status.localState !== 1) },
  {
    name: 'who is told to end in order has left its view, for all that is known later',
    holds(_before, input, { state, effects }) {
      const ended = find(effects, 'end')
      return ended === undefined || ended.kill || input.unwritten !== undefined || state.ledger.view === null || state.ledger.view.left === true
    },
  },
]

function isLater(before: State['ledger']['promise'], after: State['ledger']['promise']): boolean {
  if (before === null || before === after) return true
  return after !== null && (after.epoch > before.epoch || (after.epoch === before.epoch && after.kind === before.kind && after.chosen === before.chosen))
}

/** @returns the name of the first that does not hold; null where all do */
export function brokenInvariant(before: State, input: Input, after: Step): string | null {
  for (const { name, holds } of INVARIANTS) if (!holds(before, input, after)) return name
  return null
}
