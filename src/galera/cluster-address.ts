import { type Endpoint, hostPort } from './endpoint.ts'

/** `wsrep_cluster_address`: `gcomm://host:port,…`; without peers `gcomm://`. */
export function formatClusterAddress(peers: readonly Endpoint[]): string {
  return `gcomm://${peers.map((peer) => hostPort(peer.host, peer.groupPort)).join(',')}`
}
