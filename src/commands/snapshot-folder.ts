import { LedgerStore } from '../agent/ledger-store.ts'
import { isHistory } from '../galera/gtid.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { type Key, readKey } from '../snapshot/key.ts'
import { clusterMark, type OwnCluster } from '../snapshot/own-cluster.ts'
import { type Context, type Given, text } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** The gear and the folder of snapshots that a command is about. */
export async function snapshotFolder(context: Context, given: Given): Promise<{ gear: Gear; dir: string }> {
  const gear = await openedGear(context)
  return { gear, dir: text(given, 'dir') ?? configOf(gear).snapshots ?? gear.paths.snapshots }
}

/** What tells this gear's snapshots from others in the folder. */
export async function ownCluster(gear: Gear): Promise<OwnCluster> {
  const config = configOf(gear)
  const { store } = await LedgerStore.open(gear.paths.ledger, config.name, 'look')
  const { history, view, forks } = store.ledger
  return { name: config.clusterName, mark: await clusterMark(config.secret), histories: [history, view?.uuid ?? null, ...forks.flatMap(({ uuid, into }) => [uuid, into])].filter(isHistory) }
}

export const keyOf = (given: Given): Promise<Key | null> => readKey(text(given, 'keyFile'), text(given, 'keyCommand'))
