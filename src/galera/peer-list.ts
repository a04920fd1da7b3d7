import { UsageError } from '../errors.ts'
import { type Endpoint, formatEndpoint, hostPort, parseEndpoint } from './endpoint.ts'
import { groupName } from './member-name.ts'

/** More is no peer list but an accident or an attack. A Galera cluster has tens of nodes, not thousands. */
export const MAX_LIST_BYTES = 65_536

/**
 * A list of peers in order of importance, separated by commas or white space.
 * @throws UsageError `bad-endpoint`, `duplicate-peer`, `list-too-long`
 */
export function parsePeerList(text: string): readonly Endpoint[] {
  if (text.length > MAX_LIST_BYTES) {
    throw new UsageError('list-too-long', `the peer list has ${text.length} characters, at most ${MAX_LIST_BYTES} are taken`, 'Give one entry for each node.')
  }
  const peers = text.split(/[\s,]+/).filter((entry) => entry !== '').map(parseEndpoint)
  const seen = new Set<string>()
  for (const peer of peers) {
    for (const key of [hostPort(peer.host, peer.groupPort), ...(peer.name === null ? [] : [groupName(peer.name)])]) {
      if (seen.has(key)) throw new UsageError('duplicate-peer', `peer ${key} is listed twice`, 'List each node once, each with a name and an address of its own.')
      seen.add(key)
    }
  }
  return peers
}

export function formatPeerList(peers: readonly Endpoint[]): string {
  return peers.map(formatEndpoint).join(',')
}

/** The entries but the node's own, which is known by its name or, in a list without names, by its address. */
export function othersOf(peers: readonly Endpoint[], own: Endpoint): readonly Endpoint[] {
  return peers.filter((peer) => !isSame(peer, own))
}

export function isSame(a: Endpoint, b: Endpoint): boolean {
  if (a.name !== null && b.name !== null) return a.name === b.name
  return a.host === b.host && a.groupPort === b.groupPort
}
