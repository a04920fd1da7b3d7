import { acknowledged } from '../fence.ts'
import { recordDepartures, recordPromise } from '../ledger.ts'
import type { Effect, Step } from './effect.ts'
import { hearFrom } from './hearing.ts'
import type { Message, Moment } from './input.ts'
import { unchanged, unwrittenError } from './moves.ts'
import { report } from './report.ts'
import type { Rules } from './rules.ts'
import type { State } from './state.ts'

/** What peers say by themselves. It is durable before it is answered. */
export function onMessage(state: State, input: Moment & Message, rules: Rules): Step {
  switch (input.in) {
    case 'proposal':
      return acknowledge(state, input, rules)
    case 'departure': {
      const { id, departure } = input
      if (input.unwritten !== undefined) return { state, effects: [{ do: 'confirm', id, error: unwrittenError(input.unwritten) }] }
      return { state: { ...state, ledger: recordDepartures(state.ledger, [departure]) }, effects: [{ do: 'confirm', id, error: null }] }
    }
    case 'nudge-peers':
      return unchanged({ ...state, peersSeen: -Infinity })
    default:
      input satisfies never
      return unchanged(state)
  }
}

function acknowledge(old: State, input: Moment & Extract<Message, { in: 'proposal' }>, rules: Rules): Step {
  const { proposal, id } = input
  const { state, effects } = hearFrom(old, proposal.from)
  const own = report(state, input)
  const answer = input.unwritten !== undefined ? { ack: false as const, reason: `${own.name} cannot write its ledger: ${input.unwritten}` } : rules.answerProposal(own, state.ledger.promise, proposal)
  const ledger = answer.ack ? recordPromise(state.ledger, acknowledged(own, proposal)) : state.ledger
  const detail = { proposal: { ...proposal, seqno: String(proposal.seqno) }, answer }
  const log: Effect = { do: 'log', level: 'info', text: `fence: ${proposal.from} proposes ${proposal.kind} in epoch ${proposal.epoch}`, detail }
  return { state: { ...state, ledger }, effects: [...effects, { do: 'answer', id, answer }, log] }
}
