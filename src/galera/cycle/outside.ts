import type { ErrorShape } from '../../errors.ts'
import type { RunningDecision } from '../decision.ts'
import { recordDecision } from '../ledger.ts'
import { isSameNode } from '../view.ts'
import type { Live } from '../observation.ts'
import type { Effect, Step } from './effect.ts'
import { raiseFence } from './fencing.ts'
import { sameFacts } from './hearing.ts'
import type { Input, Look, Moment } from './input.ts'
import { after, begin, end, fail, pauseUntil, say, unwrittenError } from './moves.ts'
import { ordersOf, report } from './report.ts'
import type { Rules } from './rules.ts'
import type { Repair, State } from './state.ts'
import { watch } from './watching.ts'

/** A running server outside of a primary component: mostly it waits; it is made primary in place, or stops to join again. */

/** How long Galera is left to merge a component by itself before anybody is asked, milliseconds. */
const GALERA_FIRST = 2_000

/** How often the peers are asked, milliseconds. */
const INTERVAL = 400

/** How long a server that sees a primary component may need to be merged into it; then the addresses it knows are stale. Milliseconds. */
const LONGEST_MERGE = 60_000

/**
 * From pc.bootstrap=YES to the primary view, milliseconds. It takes some tens, but is lost while the group still
 * finds out who is left [ran]. Then all is asked and decided anew: it may have been primary and lost that again.
 */
const LONGEST_REPAIR = 1_500

export const outsideIsDue = ({ nonPrimarySince, peersSeen, repairing }: State, now: number): boolean =>
  nonPrimarySince !== null && !repairing && now - nonPrimarySince >= GALERA_FIRST && now - peersSeen >= INTERVAL

/**
 * The communication layer is primary and the server is not: when that component was formed nobody in it had the state of the cluster
 * ("No node with complete state"), as where the only donor left while a node was joining. pc.bootstrap is ignored then, and no
 * peer can help: only a restart does [ran]. It shows in gvwstate.dat, which is written with each primary view of that layer: it has
 * just the members that the server counts now. What is being received is left to arrive.
 */
function lacksState({ status, repairs }: State, { gvwstate }: Look): boolean {
  if (status === null || status.primary || status.localState === 1) return false
  // Several that were cut off may have the very members of that view: only pc.bootstrap that came to nothing shows the difference.
  if (status.clusterSize > 1 && repairs === 0) return false
  return gvwstate?.members.length === status.clusterSize && gvwstate.members.some((member) => isSameNode(member, status.nodeUuid))
}

/** It must show for a while: a component that becomes primary, by pc.bootstrap too, has its gvwstate.dat a moment earlier. */
export function watchState(state: State, { look, now }: Extract<Input, { in: 'looked' }>): State {
  const lackingSince = lacksState(state, look) ? (state.lackingSince ?? now) : null
  return lackingSince === state.lackingSince ? state : { ...state, lackingSince }
}

export const lacksStateForGood = ({ lackingSince }: State, now: number): boolean => lackingSince !== null && now - lackingSince >= GALERA_FIRST

/** The peers were asked, and the server was looked at once more. @returns null where it is not outside any more */
export function decideOutside(state: State, input: Extract<Input, { in: 'looked' }>, rules: Rules): Step | null {
  const self = report(state, input)
  if (self.kind !== 'non-primary') return null
  if (input.unwritten !== undefined) return fail(state, input, unwrittenError(input.unwritten))
  const orders = ordersOf(state, input.now)
  const known = sameFacts(state, self, orders.majority)
  const decision = (known ?? rules.decideNonPrimary({ self, peers: state.observations, orders })) as RunningDecision
  const considered = known === null ? { self, observations: state.observations, majority: orders.majority, override: state.override, decision } : state.considered
  return carryOut({ ...state, decision, considered, ledger: recordDecision(state.ledger, decision, input.at) }, input, self, decision, rules)
}

function carryOut(state: State, input: Input, self: Live, decision: RunningDecision, rules: Rules): Step {
  const outside = input.now - (state.nonPrimarySince ?? input.now)
  switch (decision.do) {
    case 'repair':
      return raiseFence(state, input, decision, self.promise, rules)
    case 'leave':
      return leave(state, decision.reason)
    case 'refuse': {
      const log: Effect = { do: 'log', level: 'error', text: decision.reason, detail: { evidence: decision.evidence } }
      return after([log], watch(say(state, 'waiting', decision.reason), input.now))
    }
    case 'wait': {
      const told = say(state, 'waiting', decision.reason)
      if (decision.rule === 'primary-elsewhere' && outside > LONGEST_MERGE) return leave(told, `${self.name} was not merged into the primary component within ${LONGEST_MERGE / 1000} s`)
      return watch(told, input.now)
    }
    default:
      decision satisfies never
      return watch(state, input.now)
  }
}

/** The fence is held: where Galera has merged the component meanwhile, or sends it the state, nothing is repaired. */
export function confirmOutside(state: State, input: Extract<Input, { in: 'looked' }>, { decision, epoch }: Extract<State['task'], { at: 'confirming' }>, rules: Rules): Step | null {
  const { status } = state
  const outside = status !== null && !status.primary && status.localState !== 1
  return outside && state.repairing ? recordRepair(state, input, decision, epoch, rules) : null
}

/** pc.bootstrap on exactly one: the fence is held by all who answered. Who is left behind is in the ledger first. */
function recordRepair(state: State, input: Input, decision: Repair, epoch: number, rules: Rules): Step {
  if (input.unwritten !== undefined) return fail(state, input, unwrittenError(input.unwritten))
  const ledger = rules.goAlong(state.ledger, state.observations, decision, decision.seqno, epoch, input.at)
  return begin({ ...state, ledger }, { at: 'repairing', decision }, (op) => ({ do: 'repair', op }))
}

/** The provider was told: the primary view comes at once, or not at all. */
export function onRepaired(state: State, { now }: Moment): Step {
  if (state.task.at !== 'repairing') return { state, effects: [] }
  return { state: pauseUntil({ ...state, repairUntil: now + LONGEST_REPAIR }, { at: 'watching' }, now), effects: [] }
}

/** A repair that was begun has come true, or has not in time. */
export function settleRepair(state: State, { now }: Moment): Step {
  if (!state.repairing) return { state, effects: [] }
  if (state.status?.primary === true) {
    const log: Effect = { do: 'log', level: 'warn', text: 'the component was made primary in place', detail: { evidence: state.decision?.evidence } }
    return { state: { ...state, repairing: false, repairs: 0, override: null }, effects: [log] }
  }
  return now < state.repairUntil ? { state, effects: [] } : repairFailed(state, 'no primary view came of it')
}

export function repairFailed(state: State, why: string): Step {
  const log: Effect = { do: 'log', level: 'error', text: `the repair in place failed; it is tried again: ${why}` }
  return { state: { ...state, repairing: false, repairs: state.repairs + 1 }, effects: [log] }
}

export function leave(state: State, reason: string): Step {
  const why: ErrorShape = { code: 'non-primary', exitCode: 5, message: `mariadbd ran outside a primary component and was stopped to join again: ${reason}`, hint: 'Nothing to do: the peers are asked again. See galeractl explain.' }
  return end(state, false, why)
}
