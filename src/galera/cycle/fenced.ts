import { isForced } from '../fence.ts'
import type { Step } from './effect.ts'
import { notHeld, raiseFence } from './fencing.ts'
import type { Input } from './input.ts'
import { goFirst } from './launching.ts'
import { begin, unchanged } from './moves.ts'
import type { Rules } from './rules.ts'
import type { Repair, State } from './state.ts'

type On<Kind extends Input['in']> = Extract<Input, { in: Kind }>

/** The fence is raised: the node's own acknowledgement is durable before anybody else is asked. */
export function onPrepared(state: State, input: On<'prepared'>, rules: Rules): Step {
  const { task } = state
  if (task.at !== 'preparing') return unchanged(state)
  if (task.decision.do === 'join') return goFirst(state, input, task.decision, state.ledger.promise?.epoch ?? 0, rules)
  return raiseFence(state, input, task.decision, task.self.promise, rules)
}

/**
 * Held only where all acknowledged, and the node has itself acknowledged nothing else meanwhile. In the same step the
 * node counts as launched, or as repairing: nobody else's choice is acknowledged from here on.
 */
export function onAnswers(state: State, input: On<'answered'>, rules: Rules): Step {
  const { task, ledger } = state
  if (task.at !== 'fencing') return unchanged(state)
  const { decision, proposal } = task
  const no = input.answers.find((answer) => !answer.ack)
  if (no !== undefined && !no.ack) return notHeld(state, input, no.reason)
  const { promise } = ledger
  if (promise?.epoch !== proposal.epoch || promise.chosen !== proposal.chosen) return notHeld(state, input, `epoch ${promise?.epoch} came between`)
  if (isForced(decision) && state.override === null) return notHeld(state, input, 'a node that was given up answers')
  if (decision.do === 'repair') return confirm({ ...state, repairing: true }, decision, proposal.epoch)
  return goFirst(state, input, decision, proposal.epoch, rules)
}

function confirm(state: State, decision: Repair, epoch: number): Step {
  const { server, joining } = state
  return begin(state, { at: 'confirming', decision, epoch }, (op) => ({ do: 'look', op, server, joining: joining !== null, within: null }))
}
