import { sendMessage } from '../peers/message.ts'
import type { Node } from './node.ts'

export const LOOK_PATH = '/v1/look'

/** These peers look at once how the others are, not when it is time. Who does not hear it looks some seconds later. A listed peer may have no name. */
export async function nudgePeers(node: Node, names: readonly string[]): Promise<void> {
  const peers = node.others.filter(({ name }) => name === null || names.includes(name))
  await Promise.all(peers.map((peer) => sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'POST', LOOK_PATH, {}, { key: node.key, timeout: node.config.probeTimeout }).catch(() => undefined)))
}
