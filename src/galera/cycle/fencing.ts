import { GaleractlError } from '../../errors.ts'
import { acknowledged, hasAcknowledgedAnother, type Proposal, proposalFor } from '../fence.ts'
import { recordPromise } from '../ledger.ts'
import type { Down } from '../observation.ts'
import type { Step } from './effect.ts'
import type { Input, Moment } from './input.ts'
import { begin, fail, pause, pauseUntil, say, unchanged, unwrittenError } from './moves.ts'
import { report } from './report.ts'
import type { Rules } from './rules.ts'
import type { Forking, State } from './state.ts'

/**
 * The node's own acknowledgement is durable before anybody else is asked. `then`: what it had acknowledged when it decided.
 */
export function raiseFence(state: State, input: Input, decision: Forking, then: Down['promise'], rules: Rules): Step {
  if (input.unwritten !== undefined) return fail(state, input, unwrittenError(input.unwritten))
  const { ledger, observations } = state
  const proposal = proposed(state, decision)
  if (proposal instanceof GaleractlError) return state.server === null ? fail(state, input, proposal.toShape()) : notHeld(state, input, proposal.message)
  const own = report(state, input)
  const overtaken = hasAcknowledgedAnother(decision, then, ledger.promise)
  const answer = overtaken ? { ack: false as const, reason: `${ledger.promise?.chosen} was acknowledged meanwhile` } : rules.answerProposal(own, ledger.promise, proposal)
  const asking = say(state, 'fencing', `${decision.reason} Asking all reachable peers to acknowledge.`)
  if (!answer.ack) return notHeld(asking, input, answer.reason)
  const promised: State = { ...asking, ledger: recordPromise(ledger, acknowledged(own, proposal)) }
  const to = observations.filter(({ kind }) => kind !== 'silent').map(({ name }) => name)
  return begin(promised, { at: 'fencing', decision, proposal }, (op) => ({ do: 'propose', op, proposal, to }))
}

/** @returns a RefusedError where no epoch is left */
function proposed({ settings, ledger, observations }: State, decision: Forking): Proposal | GaleractlError {
  try {
    const proposal = proposalFor(decision, settings.name, ledger.promise, observations)
    if (proposal === null) throw new Error(`a decision to ${decision.do} needs no fence`)
    return proposal
  } catch (error) {
    if (error instanceof GaleractlError) return error
    throw error
  }
}

/** Asks again, as soon as is due. */
export function notHeld(state: State, moment: Moment, reason: string): Step {
  const told = say(state, 'waiting', `Not acknowledged: ${reason}. Asking again.`)
  if (state.server === null) return pause(told, moment)
  return unchanged(pauseUntil(told, { at: 'watching' }, moment.now))
}

