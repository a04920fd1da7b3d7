import { join } from 'node:path'
import type { Op } from '../galera/cycle/effect.ts'
import type { Handle } from '../galera/cycle/state.ts'
import { type Endpoint, peerLabel } from '../galera/endpoint.ts'
import { formatGrastate } from '../galera/grastate.ts'
import { isKnownMethod, refreshBasedir } from '../mariadb/basedir.ts'
import { renderClusterConfig } from '../mariadb/my-cnf.ts'
import { readOptions, serverGroups } from '../mariadb/option-files.ts'
import { ownNotifyCommand } from '../mariadb/owned-options.ts'
import { launchServer } from '../mariadb/server.ts'
import { ownCommand } from '../system/processes.ts'
import { setAside, writeFileAtomic } from '../system/files.ts'
import { markOwnData } from './arrived-events.ts'
import { settleBinlog } from './logged.ts'
import type { Node } from './node.ts'

type LaunchEffect = Extract<Op, { do: 'launch' }>

/** Starts mariadbd as the decision says. The fence is held, and the ledger knows of it. */
export async function launch(node: Node, effect: LaunchEffect): Promise<Handle> {
  const { paths, config, mariadb, log } = node
  const { decision, position } = effect
  await node.serverLog.begin()
  await settleBinlog(node)
  await refreshBasedir(paths.basedir, { mariadbd: mariadb.mariadbd, own: ownCommand(), bind: config.bindAddress })
  if (!(await isKnownMethod(config.sstMethod, mariadb.mariadbd))) log.warn(`wsrep_sst_${config.sstMethod} of MariaDB ${mariadb.version} reads otherwise than those known: it runs as it is, with its sleeps and, for mariabackup, on every address of this host`)
  await writeFileAtomic(paths.clusterConfig, renderClusterConfig(addressesFor(node, effect)), 0o640)
  if (decision.do !== 'reform') await setAside(join(paths.data, 'gvwstate.dat'), 'aside', new Date())
  if (decision.do === 'bootstrap' && decision.uuid !== null) {
    await writeFileAtomic(join(paths.data, 'grastate.dat'), formatGrastate({ ...position, safeToBootstrap: true }), 0o660)
  }
  await markOwnData(node)
  return launchServer(node.files, { mariadbd: mariadb.mariadbd, startPosition: position, launch: decision.do, overrides: await overridesOf(node) })
}

/** galeractl's own wsrep_notify_cmd stays in force; the agent calls that of conf.d. */
async function overridesOf({ paths, mariadb }: Node): Promise<readonly string[]> {
  const own = ownNotifyCommand(await readOptions(paths.config, serverGroups(mariadb.series)), paths.config)
  return own === null ? [] : [`--wsrep-notify-cmd=${own.ours}`]
}

/** The peers that are online, those that are Primary first; all listed ones where none is. */
function addressesFor(node: Node, { decision, online }: LaunchEffect): readonly Endpoint[] {
  const rank = (peer: Endpoint) => (decision.do === 'join' && decision.via.includes(peerLabel(peer)) ? 0 : 1)
  const peers = node.others.filter((peer) => peer.name === null || online.includes(peer.name))
  return (peers.length > 0 ? peers : node.others).toSorted((a, b) => rank(a) - rank(b))
}
