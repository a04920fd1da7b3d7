import { join } from 'node:path'
import { type Endpoint, peerLabel } from '../galera/endpoint.ts'
import { formatGrastate } from '../galera/grastate.ts'
import { NIL_UUID, UNDEFINED_SEQNO } from '../galera/gtid.ts'
import { goAlong, type Launchable } from '../galera/go-along.ts'
import { recordJoining, recordLaunch } from '../galera/ledger.ts'
import { isKnownMethod, refreshBasedir } from '../mariadb/basedir.ts'
import { renderClusterConfig } from '../mariadb/my-cnf.ts'
import { launchServer } from '../mariadb/server.ts'
import { ownCommand } from '../system/processes.ts'
import { setAside, writeFileAtomic } from '../system/files.ts'
import { settleBinlog } from './logged.ts'
import type { Node } from './node.ts'
import { reportDown } from './report.ts'
import { ensureDatadir, rescueDatadir } from './rescue.ts'

/** Starts mariadbd as the decision says. The caller holds the fence. */
export async function launch(node: Node, decision: Launchable, epoch: number): Promise<void> {
  node.launched = decision.do
  if (decision.do === 'join' && decision.aside !== null) await rescueDatadir(node, decision.aside)
  const data = node.datadir?.data
  const position = data?.kind === 'position' ? { uuid: data.uuid, seqno: data.seqno } : { uuid: NIL_UUID, seqno: UNDEFINED_SEQNO }
  node.say('launching', describeLaunch(decision))
  // gvwstate.dat may know a newer view than the ledger, and is about to be moved aside.
  const { view } = reportDown(node)
  const seqno = data?.kind === 'position' ? data.seqno : null
  // Before the ledger says that the datadir may be half of a transfer: what can't be moved aside stays what it is.
  if (decision.do === 'join') await ensureDatadir(node)
  await node.ledger.update((ledger) => goAlong(recordJoining(recordLaunch(ledger, view), decision.do === 'join'), node.observations, decision, seqno, epoch, new Date().toISOString()))
  await settleBinlog(node)
  await refreshBasedir(node.paths.basedir, { mariadbd: node.mariadb.mariadbd, own: ownCommand(), bind: node.config.bindAddress })
  if (!(await isKnownMethod(node.config.sstMethod, node.mariadb.mariadbd))) node.log.warn(`wsrep_sst_${node.config.sstMethod} of MariaDB ${node.mariadb.version} reads otherwise than those known: it runs as it is, with its sleeps and, for mariabackup, on every address of this host`)
  await writeFileAtomic(node.paths.clusterConfig, renderClusterConfig(addressesFor(node, decision)), 0o640)
  if (decision.do !== 'reform') await setAside(join(node.paths.data, 'gvwstate.dat'), 'aside', new Date())
  if (decision.do === 'bootstrap' && decision.uuid !== null) {
    await writeFileAtomic(join(node.paths.data, 'grastate.dat'), formatGrastate({ ...position, safeToBootstrap: true }), 0o660)
  }
  node.server = await launchServer(node.files, { mariadbd: node.mariadb.mariadbd, startPosition: position, launch: decision.do })
}

/** The peers that are online, those that are Primary first; all listed ones where none is. */
function addressesFor(node: Node, decision: Launchable): readonly Endpoint[] {
  const online = new Set(node.observations.filter((one) => one.kind !== 'silent').map((one) => one.name))
  const rank = (peer: Endpoint) => (decision.do === 'join' && decision.via.includes(peerLabel(peer)) ? 0 : 1)
  const peers = node.others.filter((peer) => peer.name === null || online.has(peer.name))
  return (peers.length > 0 ? peers : node.others).toSorted((a, b) => rank(a) - rank(b))
}

function describeLaunch(decision: Launchable): string {
  if (decision.do === 'join') return `starting mariadbd to join ${decision.via.join(', ')}`
  if (decision.do === 'reform') return `starting mariadbd to re-form the view of ${decision.members.join(', ')}`
  return decision.uuid === null ? 'starting mariadbd with a new history' : `starting mariadbd as the first, at ${decision.uuid}:${decision.seqno}`
}
