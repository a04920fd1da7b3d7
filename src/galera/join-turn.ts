import type { Facts } from './observation.ts'

/**
 * Whom a node lets join before itself. Nodes that enter a component at the same moment disturb each
 * other: one may wait 4 s alone outside it, and a donor that has only just joined itself may send a
 * transfer without the newest view ("IST didn't contain all write sets, node restart required") [ran].
 * Only pacing: the caller bounds the time, and joining out of turn is safe.
 */
export function joinsBefore(facts: Facts): readonly string[] {
  return facts.peers
    .filter((peer) => {
      if (peer.kind === 'primary') return peer.joining
      if (peer.kind !== 'down' || peer.intent !== 'start') return false
      return peer.launched === 'join' || (peer.launched === null && peer.data.kind !== 'unknown' && peer.name < facts.self.name)
    })
    .map((peer) => peer.name)
}
