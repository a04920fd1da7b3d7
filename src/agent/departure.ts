import type { Departure } from '../galera/departure.ts'
import { parseGrastate } from '../galera/grastate.ts'
import { type Gtid, isHistory } from '../galera/gtid.ts'
import { recordDeparture, recordDepartures } from '../galera/ledger.ts'
import { sendMessage } from '../peers/message.ts'
import { readIfExists } from '../system/files.ts'
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

/** mariadbd has ended by itself: where it stopped is kept, so that no recovery is needed. @returns the position, null where it can't be told */
export async function recordCleanStop(node: Node): Promise<Gtid | null> {
  const text = await readIfExists(`${node.paths.data}/grastate.dat`)
  try {
    const state = text === null ? null : parseGrastate(text)
    if (state === null || state.seqno < 0n || !isHistory(state.uuid)) return null
    const position = { uuid: state.uuid, seqno: state.seqno }
    await node.ledger.update((ledger) => recordDeparture(ledger, { at: new Date().toISOString(), position }))
    return position
  } catch (error) {
    node.log.warn({ err: error }, 'no clean stop was recorded')
    return null
  }
}
