import type { Departure } from '../galera/departure.ts'
import { recordDepartures } from '../galera/ledger.ts'
import { sendMessage } from '../peers/message.ts'
import type { Node } from './node.ts'

export const DEPARTURE_PATH = '/v1/departure'

/**
 * Tells every peer that this node left in order and how far its data goes. A platform may remove it for good: then
 * nobody could ask it any more. Who does not hear it waits for the node, as for any that is silent.
 */
export async function tellDeparture(node: Node, departure: Departure): Promise<void> {
  await Promise.all(node.others.map((peer) => sendMessage({ host: peer.host, port: peer.agentPort }, 'POST', DEPARTURE_PATH, departure, { key: node.key, timeout: node.config.probeTimeout })))
}

/** Kept durably before it is answered. */
export async function learnDeparture(node: Node, departure: Departure): Promise<void> {
  await node.ledger.update((ledger) => recordDepartures(ledger, [departure]))
}
