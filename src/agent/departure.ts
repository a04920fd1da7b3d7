import type { Departure } from '../galera/departure.ts'
import { parseGrastate } from '../galera/grastate.ts'
import { type Gtid, isHistory } from '../galera/gtid.ts'
import { sendMessage } from '../peers/message.ts'
import { readIfExists } from '../system/files.ts'
import type { Node } from './node.ts'

export const DEPARTURE_PATH = '/v1/departure'

/**
 * Says to every peer that this node left in order and how far its data goes. A platform may remove it for good: then
 * nobody could ask it any more. Who does not hear it waits for the node, as for any that is silent.
 */
export async function announceDeparture(node: Node, departure: Departure): Promise<void> {
  await Promise.all(node.others.map((peer) => sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'POST', DEPARTURE_PATH, departure, { key: node.key, timeout: node.config.probeTimeout })))
}

/** mariadbd has ended by itself: where it stopped; null where that cannot be seen. */
export async function readCleanStop(node: Node): Promise<Gtid | null> {
  const text = await readIfExists(`${node.paths.data}/grastate.dat`)
  try {
    const state = text === null ? null : parseGrastate(text)
    return state === null || state.seqno < 0n || !isHistory(state.uuid) ? null : { uuid: state.uuid, seqno: state.seqno }
  } catch (error) {
    node.log.warn({ err: error }, 'no clean stop was recorded')
    return null
  }
}
