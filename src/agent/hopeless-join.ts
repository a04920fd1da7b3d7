import { OutsideError } from '../errors.ts'
import type { Observation } from '../galera/observation.ts'
import { killServer, type Server } from '../mariadb/server.ts'
import { askPeers } from '../peers/ask.ts'
import { processSession } from '../system/processes.ts'
import { shownSst } from './incoming-sst.ts'
import type { Node } from './node.ts'

/** How long a joining server is left alone, and then how often the peers are asked, milliseconds. */
const FIRST = 2_000
const INTERVAL = 1_000

/** So many times in a row all must have said that they are not Primary: one of them may be on its way there. */
const LOOKS = 2

/**
 * Galera waits 30 s (pc.wait_prim_timeout) for a primary component that may have ended meanwhile, and the others
 * wait for this node's start to end. Where all say that none is there, the server, which serves nothing yet, is ended.
 * @returns what to call again and again while the server is joining; that throws OutsideError `nobody-primary`
 */
export function hopelessJoin(node: Node): () => Promise<void> {
  let next = performance.now() + FIRST
  let looks = 0
  return async () => {
    if (performance.now() < next) return
    node.hear(await askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout }))
    next = performance.now() + INTERVAL
    looks = node.observations.every(servesNobody) ? looks + 1 : 0
    if (looks < LOOKS || node.server === null || shownSst(node)?.state === 'running' || (await receives(node.server))) return
    // SIGTERM is not heeded in that wait [ran].
    await killServer(node.server)
    throw new OutsideError('nobody-primary', 'the primary component that this node was joining has ended', 'Nothing to do: the peers are asked again. See galeractl explain.')
  }
}

/** A state transfer is under way: its script runs beside mariadbd. What ends it is its own affair. */
const receives = async ({ pid }: Server) => (await processSession(pid)).some(({ command }) => command.some((word) => word.includes('wsrep_sst_')))

/** A donor whose SQL does not answer is no such: it may be sending. */
function servesNobody(peer: Observation): boolean {
  if (peer.kind === 'down') return peer.data.kind !== 'unknown' && (peer.launched === null || peer.launched === 'join')
  return peer.kind === 'non-primary' && !peer.repairing
}
