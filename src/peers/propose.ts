import { type Endpoint, peerLabel } from '../galera/endpoint.ts'
import type { Proposal } from '../galera/fence.ts'
import { answerSchema } from '../galera/schemas.ts'
import { askPeers, type AskOptions } from './ask.ts'
import { sendMessage } from './message.ts'

export const FENCE_PATH = '/v1/fence'

/** `by`: the name of the node that acknowledged. */
export type Acknowledging = { readonly ack: true; readonly by: string } | { readonly ack: false; readonly reason: string }

/** Has a peer acknowledge a proposal. Only its own word counts, whoever answers at its address. */
export async function propose(peer: Endpoint, proposal: Proposal, options: AskOptions): Promise<Acknowledging> {
  const label = peerLabel(peer)
  const delivery = await sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'POST', FENCE_PATH, proposal, options)
  if (!delivery.ok) return { ack: false, reason: `${label} did not answer (${delivery.reason}): ${delivery.detail}` }
  const answer = answerSchema.safeParse(delivery.body)
  if (!answer.success) return { ack: false, reason: `${label} did not answer (garbage)` }
  if (!answer.data.ack) return answer.data
  return delivery.by === null ? recorded(peer, proposal, options) : { ack: true, by: delivery.by.name }
}

/** An agent of an earlier version does not say who it is, but its state does, and has what it last acknowledged. */
async function recorded(peer: Endpoint, proposal: Proposal, options: AskOptions): Promise<Acknowledging> {
  const [state] = await askPeers([peer], options)
  const promise = state === undefined || state.kind === 'silent' ? null : state.promise
  const same = promise?.epoch === proposal.epoch && promise.kind === proposal.kind && promise.chosen === proposal.chosen
  return same && state !== undefined ? { ack: true, by: state.name } : { ack: false, reason: `${peerLabel(peer)} has not recorded what was acknowledged at its address` }
}
