import type { Down, Facts } from './observation.ts'

/**
 * Whom a node lets join before itself: nodes that enter a component at the same moment disturb each
 * other's first view, and one of them waits 4 s alone outside it; one after the other each takes 0.5 s
 * [ran]. Only pacing: the caller bounds the time, and joining out of turn is safe.
 */
export function joinsBefore(facts: Facts): readonly string[] {
  const inView = new Set(facts.peers.flatMap((peer) => (peer.kind === 'primary' ? (peer.view?.members.map((member) => member.name) ?? []) : [])))
  const waiting = facts.peers.filter((peer): peer is Down => peer.kind === 'down' && peer.intent === 'start' && !inView.has(peer.name))
  return waiting
    .filter((peer) => peer.launched === 'join' || (peer.launched === null && peer.data.kind !== 'unknown' && peer.name < facts.self.name))
    .map((peer) => peer.name)
}
