import { peerLabel } from '../galera/endpoint.ts'
import type { Answer, Proposal } from '../galera/fence.ts'
import { propose } from '../peers/propose.ts'
import type { Node } from './node.ts'

/**
 * Asks these peers to acknowledge, and listed ones whose name nobody knows. Who does not answer has not acknowledged, and each counts by
 * its own word: one that is listed by its address alone may have answered for another.
 */
export async function sendProposal(node: Node, proposal: Proposal, to: readonly string[]): Promise<readonly Answer[]> {
  const { key, config, others } = node
  const asked = others.filter((peer) => peer.name === null || to.includes(peerLabel(peer)))
  const options = { key, clusterName: config.clusterName, timeout: config.probeTimeout }
  const answers = await Promise.all(asked.map((peer) => propose(peer, proposal, options)))
  const unheard = to.filter((name) => !answers.some((answer) => answer.ack && answer.by === name))
  return [...answers, ...unheard.map((name): Answer => ({ ack: false, reason: `${name} itself has not acknowledged` }))]
}
