import { peerLabel } from '../galera/endpoint.ts'
import type { Answer, Proposal } from '../galera/fence.ts'
import { answerSchema } from '../galera/schemas.ts'
import { sendMessage } from '../peers/message.ts'
import type { Node } from './node.ts'

export const FENCE_PATH = '/v1/fence'

/** Asks these peers to acknowledge, and listed ones whose name nobody knows. Who does not answer has not acknowledged. */
export async function sendProposal(node: Node, proposal: Proposal, to: readonly string[]): Promise<readonly Answer[]> {
  const asked = node.others.filter((peer) => peer.name === null || to.includes(peerLabel(peer)))
  return Promise.all(
    asked.map(async (peer): Promise<Answer> => {
      const delivery = await sendMessage({ host: peer.host, port: peer.agentPort }, 'POST', FENCE_PATH, proposal, { key: node.key, timeout: node.config.probeTimeout })
      const answer = delivery.ok ? answerSchema.safeParse(delivery.body) : null
      if (answer?.success) return answer.data
      return { ack: false, reason: `${peerLabel(peer)} did not answer (${delivery.ok ? 'garbage' : delivery.reason})` }
    }),
  )
}
