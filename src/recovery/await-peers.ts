import { derive } from '../config/secrets.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { othersOf } from '../galera/peer-list.ts'
import { askPeers } from '../peers/ask.ts'
import { signerOf } from '../peers/identity.ts'
import { began, type Tell } from '../system/progress.ts'
import { waitFor } from '../system/wait.ts'
import type { Exchanged } from './exchange.ts'

/**
 * Until each of the peers that answered is Synced with the restored history; those that were stopped before stay so and are not waited for.
 * `timeout` in milliseconds.
 * @throws NotYetError `timeout`: they go on by themselves
 */
export async function awaitPeers(gear: Gear, { into, peers, staying }: Exchanged, timeout: number, tell: Tell, signal: AbortSignal): Promise<void> {
  const config = configOf(gear)
  const others = othersOf(config.peers ?? [], config.own)
  await waitFor('all nodes that run to be Synced with the restored state', async () => {
    const seen = await askPeers(others, { key: signerOf(derive(config.secret, 'agent-messages'), config.name), clusterName: config.clusterName, timeout: config.probeTimeout })
    const missing = seen.filter(({ name }) => peers.includes(name) && !staying.includes(name)).filter((peer) => !(peer.kind === 'primary' && peer.synced && peer.uuid === into)).map(({ name }) => name)
    if (missing.length === 0) return true
    tell(began(`waiting for ${missing.join(', ')}`))
    return undefined
  }, { timeout, interval: 250, signal })
}
