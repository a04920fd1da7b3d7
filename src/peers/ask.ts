import { type Endpoint, peerLabel } from '../galera/endpoint.ts'
import type { Observation, Silent } from '../galera/observation.ts'
import { reportSchema } from '../galera/schemas.ts'
import { hostNames } from './host-names.ts'
import { type MessageOptions, sendMessage } from './message.ts'
import { accepts } from './ports.ts'

/** `timeout`: for each peer; all are asked at once. */
export interface AskOptions extends MessageOptions {
  readonly clusterName: string
}

export const STATE_PATH = '/v1/state'

/** Asks every peer at once. Silence is an observation; nothing throws. */
export function askPeers(peers: readonly Endpoint[], options: AskOptions): Promise<readonly Observation[]> {
  return Promise.all(peers.map((peer) => askPeer(peer, options)))
}

async function askPeer(peer: Endpoint, options: AskOptions): Promise<Observation> {
  const begun = performance.now()
  let look: Promise<boolean> | null = null
  const lookAtPorts = () => (look ??= serves(peer, Math.max(options.timeout / 4, options.timeout - (performance.now() - begun)), options))
  // Half of the time is for an agent that hangs beside a server that serves. Not at once: a server logs each connection that says nothing.
  const overdue = setTimeout(lookAtPorts, options.timeout / 2)
  const told = await askAgent(peer, options)
  clearTimeout(overdue)
  return typeof told === 'string' ? { kind: 'silent', name: peerLabel(peer), reason: told, serving: await lookAtPorts() } : told
}

/** @returns why there is no answer that counts, where there is none */
async function askAgent(peer: Endpoint, options: AskOptions): Promise<Observation | Silent['reason']> {
  const path = `${STATE_PATH}?cluster=${encodeURIComponent(options.clusterName)}`
  const delivery = await sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'GET', path, undefined, options)
  if (!delivery.ok) return delivery.reason
  const report = reportSchema.safeParse(delivery.body)
  if (!report.success || (delivery.by !== null && delivery.by.name !== report.data.name)) return 'garbage'
  const isAnother = report.data.name === options.key.name || (peer.name !== null && report.data.name !== peer.name)
  return isAnother ? 'other-node' : report.data
}

/** No agent answers for it: does a mariadbd run? Why there is no answer does not matter, for a mariadbd needs no agent. */
async function serves(peer: Endpoint, timeout: number, { names = hostNames }: AskOptions): Promise<boolean> {
  const open = await Promise.all([peer.sqlPort, peer.groupPort].map((port) => accepts(peer.host, port, timeout, names.lookup)))
  return open.includes(true)
}
