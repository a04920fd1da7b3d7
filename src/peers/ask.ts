import { type Endpoint, peerLabel } from '../galera/endpoint.ts'
import type { Observation } from '../galera/observation.ts'
import { reportSchema } from '../galera/schemas.ts'
import { sendMessage } from './message.ts'
import { accepts } from './ports.ts'

export interface AskOptions {
  readonly key: Buffer
  readonly clusterName: string
  /** Milliseconds for each peer; all are asked at once. */
  readonly timeout: number
}

export const STATE_PATH = '/v1/state'

/** Asks every peer at once. Silence is an observation; nothing throws. */
export function askPeers(peers: readonly Endpoint[], options: AskOptions): Promise<readonly Observation[]> {
  return Promise.all(peers.map((peer) => askPeer(peer, options)))
}

async function askPeer(peer: Endpoint, options: AskOptions): Promise<Observation> {
  const name = peerLabel(peer)
  const sent = performance.now()
  const path = `${STATE_PATH}?cluster=${encodeURIComponent(options.clusterName)}`
  const delivery = await sendMessage({ host: peer.host, port: peer.agentPort }, 'GET', path, undefined, options)
  if (delivery.ok) {
    const report = reportSchema.safeParse(delivery.body)
    if (report.success && (peer.name === null || report.data.name === peer.name)) return report.data
    return { kind: 'silent', name, reason: 'garbage', serving: false }
  }
  const left = options.timeout - (performance.now() - sent)
  const serving = left > 1 && delivery.reason === 'refused' ? await serves(peer, left) : false
  return { kind: 'silent', name, reason: delivery.reason, serving }
}

/** Its agent is not there, but its host is: does a mariadbd run without an agent? */
async function serves(peer: Endpoint, timeout: number): Promise<boolean> {
  const open = await Promise.all([peer.sqlPort, peer.groupPort].map((port) => accepts(peer.host, port, timeout)))
  return open.includes(true)
}
