import { SHARED, writeSharedVariable } from '../config/shared-variables.ts'
import { readSharedVariables } from '../config/shared-variables.ts'
import { type Endpoint, formatEndpoint } from '../galera/endpoint.ts'
import { formatPeerList, parsePeerList } from '../galera/peer-list.ts'

/** Nodes that left the list and are remembered. */
const KEPT_FORMER = 64

export interface MembershipChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Replaces the stored list by the whole membership. The list is one file, replaced atomically: a
 * reader sees the old or the new one. Nodes that vanished are remembered, since absence from the list
 * is no proof of removal.
 * @throws UsageError `duplicate-peer`, `bad-endpoint`
 */
export async function storeMembership(folder: string, membership: readonly Endpoint[], now: Date): Promise<MembershipChange> {
  const list = formatPeerList(membership)
  parsePeerList(list)
  const variables = await readSharedVariables(folder)
  const before = entries(variables.get(SHARED.peers))
  const current = new Set(membership.map(nameOf))
  const removed = before.filter((peer) => !current.has(nameOf(peer)))
  const former = [...entries(variables.get(SHARED.formerPeers)), ...removed].filter((peer) => !current.has(nameOf(peer)))
  const latest = [...new Map(former.map((peer) => [nameOf(peer), peer])).values()].slice(-KEPT_FORMER)
  // Former peers first: a crash between the files remembers too much rather than too little.
  await writeSharedVariable(folder, SHARED.formerPeers, formatPeerList(latest))
  await writeSharedVariable(folder, SHARED.peers, list)
  await writeSharedVariable(folder, SHARED.peersTime, now.toISOString())
  const known = new Set(before.map(nameOf))
  return { added: membership.map(nameOf).filter((name) => !known.has(name)), removed: removed.map(nameOf) }
}

const nameOf = (peer: Endpoint) => peer.name ?? formatEndpoint(peer)

/** A list that was spoilt by hand is no reason to refuse a new one. */
function entries(text: string | undefined): readonly Endpoint[] {
  try {
    return parsePeerList(text ?? '')
  } catch {
    return []
  }
}
