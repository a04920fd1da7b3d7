import type { Acknowledgement } from '../galera/acknowledgement.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import { peerLabel } from '../galera/endpoint.ts'
import { acknowledged, type Answer, answerProposal, isForced, hasAcknowledgedAnother, type Proposal, proposalFor } from '../galera/fence.ts'
import { recordPromise } from '../galera/ledger.ts'
import type { Down, Live } from '../galera/observation.ts'
import { propose } from '../peers/propose.ts'
import type { Node } from './node.ts'
import { report } from './report.ts'

/** Answers a proposal, and makes an acknowledgement durable before it is given. `overtaken`: by what was acknowledged before. */
export async function acknowledge(node: Node, proposal: Proposal, overtaken: (promise: Acknowledgement | null) => boolean = () => false): Promise<Answer> {
  let answer: Answer = { ack: true }
  node.hearFrom(proposal.from)
  await node.ledger.update((ledger) => {
    const own = report(node)
    answer = overtaken(ledger.promise) ? { ack: false, reason: `${ledger.promise?.chosen} was acknowledged meanwhile` } : answerProposal(own, ledger.promise, proposal)
    return answer.ack ? recordPromise(ledger, acknowledged(own, proposal)) : ledger
  })
  node.log.info({ proposal: { ...proposal, seqno: String(proposal.seqno) }, answer }, `fence: ${proposal.from} proposes ${proposal.kind} in epoch ${proposal.epoch}`)
  return answer
}

export type FenceResult = { readonly held: true; readonly epoch: number } | { readonly held: false; readonly reason: string }

/**
 * Has every reachable peer, and the node itself, acknowledge a bootstrap, re-forming or repair. Held only
 * where all acknowledged and the node has itself acknowledged nothing else since it decided.
 * `self`: the node as it was when it decided.
 */
export async function raiseFence(node: Node, decision: Decision | RunningDecision, self: Down | Live): Promise<FenceResult> {
  const proposal = proposalFor(decision, node.config.name, node.ledger.ledger.promise, node.observations)
  if (proposal === null) return { held: true, epoch: node.ledger.ledger.promise?.epoch ?? 0 }
  const own = await acknowledge(node, proposal, (promise) => hasAcknowledgedAnother(decision, self.promise, promise))
  if (!own.ack) return { held: false, reason: own.reason }
  const reachable = new Set(node.observations.filter((one) => one.kind !== 'silent').map((one) => one.name))
  const asked = node.others.filter((peer) => reachable.has(peerLabel(peer)) || peer.name === null)
  const answers = await Promise.all(asked.map((peer) => propose(peer, proposal, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout })))
  const no = answers.find((answer) => !answer.ack)
  if (no !== undefined && !no.ack) return { held: false, reason: no.reason }
  // Each by its own word: one that is listed by its address alone may have answered for another.
  const unheard = [...reachable].find((name) => !answers.some((answer) => answer.ack && answer.by === name))
  if (unheard !== undefined) return { held: false, reason: `${unheard} itself has not acknowledged` }
  return hold(node, proposal, isForced(decision))
}

/**
 * From here on the node counts as launched, or as repairing. In the ledger's queue, so that no acknowledgement of
 * another choice can come between the last look at our own and the launch.
 */
async function hold(node: Node, proposal: Proposal, byWord: boolean): Promise<FenceResult> {
  let result: FenceResult = { held: true, epoch: proposal.epoch }
  await node.ledger.update((ledger) => {
    const { promise } = ledger
    if (promise?.epoch !== proposal.epoch || promise.chosen !== proposal.chosen) result = { held: false, reason: `epoch ${promise?.epoch} came between` }
    else if (byWord && node.word === null) result = { held: false, reason: 'a node that was given up answers' }
    else if (proposal.kind === 'repair') node.repairing = true
    else node.launched = proposal.kind
    return ledger
  })
  return result
}
