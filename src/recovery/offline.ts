import { join } from 'node:path'
import { RefusedError } from '../errors.ts'
import type { Gtid } from '../galera/gtid.ts'
import { LedgerStore } from '../agent/ledger-store.ts'
import { configOf, type Gear, gearServerFiles } from '../gear/gear.ts'
import { lockGear } from '../gear/gear-lock.ts'
import { unbornHistory } from '../galera/restored.ts'
import { readDatadir } from '../mariadb/position.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { findServer } from '../mariadb/server.ts'
import { began, type Tell } from '../system/progress.ts'
import { startStandalone } from './standalone.ts'

/**
 * Work on the data of a stopped gear, read through a server outside of any cluster. Its agent can't start meanwhile. The data and its position
 * stay as they are.
 * @throws RefusedError `still-running`, `locked`, `no-position`
 */
export async function withStoppedGear<Value>(gear: Gear, tell: Tell, signal: AbortSignal, work: (server: { readonly socket: string; readonly position: Gtid }) => Promise<Value>): Promise<Value> {
  const { paths } = gear
  const config = configOf(gear)
  await using _agent = await lockGear(paths, 'an agent')
  if ((await findServer(gearServerFiles(paths))) !== null) throw new RefusedError('still-running', 'mariadbd runs on this gear', 'Leave out --offline.')
  const { mariadbd, series } = await findMariadb(config.mariadbBin)
  const { store } = await LedgerStore.open(paths.ledger, config.name, 'look')
  const { departure, joining, history } = store.ledger
  tell(began('reading the position of the data'))
  const { data } = await readDatadir({ datadir: paths.data, mariadbd, series, config: paths.config, departure: departure?.position ?? null, joining, member: history !== null, restored: unbornHistory(store.ledger), signal })
  if (data.kind !== 'position') throw new RefusedError('no-position', `this datadir holds no state of a cluster (${data.kind})`, 'Take the snapshot from a node that has been Synced.')
  tell(began('starting a server on the data, outside of any cluster'))
  await using server = await startStandalone({ mariadbd, config: paths.config, place: { data: paths.data, files: 'as-set', folder: join(paths.run, 'offline') }, bufferPool: null, change: false, signal })
  const value = await work({ socket: server.socket, position: { uuid: data.uuid, seqno: data.seqno } })
  await server.stop()
  return value
}
