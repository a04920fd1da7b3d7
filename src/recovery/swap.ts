import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LedgerStore } from '../agent/ledger-store.ts'
import type { Config } from '../config/resolve.ts'
import { peerLabel } from '../galera/endpoint.ts'
import { formatGrastate, parseGrastate } from '../galera/grastate.ts'
import { isHistory, NIL_UUID } from '../galera/gtid.ts'
import type { Ledger } from '../galera/ledger.ts'
import { othersOf } from '../galera/peer-list.ts'
import { recordRestored } from '../galera/restored.ts'
import type { GearPaths } from '../gear/gear.ts'
import { noteRescue, RESCUED_DATA, type Rescue } from '../gear/rescued.ts'
import { removeUnfinishedRestore, type UnfinishedRestore, writeUnfinishedRestore } from '../gear/unfinished-restore.ts'
import { elsewhere, placeFiles, requirePlaces } from '../mariadb/elsewhere.ts'
import { finishPuttingAside, putDatadirAside } from '../mariadb/put-aside.ts'
import { placeRemoteTables, remoteFolders } from '../mariadb/remote-tables.ts'
import type { ServerSettings } from '../mariadb/server-settings.ts'
import { exists, makeFolder, readIfExists, syncFolder, writeFileAtomic } from '../system/files.ts'

export interface SwapOptions {
  /** The datadir that was made, with all its files in it. */
  readonly restored: string
  /** Of this gear's server. */
  readonly settings: ServerSettings
  /** ISO 8601: until then the others take it; null: for good. */
  readonly until: string | null
}

/**
 * Exchanges the datadir for the restored one, each file of which goes where the settings want it, and begins a new history with it. The gear's agent
 * and mariadbd must not run. It can be cut off anywhere and run again: which of the two folders are where tells how far it came.
 */
export async function swap(paths: GearPaths, config: Config, restore: UnfinishedRestore, { restored, settings, until }: SwapOptions): Promise<void> {
  await finishPuttingAside(paths.data)
  const { store } = await LedgerStore.open(paths.ledger, config.name, 'own', othersOf(config.peers ?? [], config.own).map(peerLabel))
  const at = new Date().toISOString()
  const old = positionOf(await readIfExists(join(paths.data, 'grastate.dat')), store.ledger)
  const histories = [store.ledger.history, old?.uuid, restore.history, ...restore.replaces].filter(isHistory)
  const swapping: UnfinishedRestore = restore.done === 'swapping' ? restore : { ...restore, done: 'swapping', replaces: [...new Set(histories)] }
  await writeUnfinishedRestore(paths, swapping)
  const reason = `snapshot ${restore.snapshot}`
  if (await exists(restored)) {
    if (await exists(paths.data)) {
      try {
        await keepAside(paths, settings, swapping, { name: config.name, at, position: old, fork: { at, epoch: 0, uuid: old?.uuid ?? NIL_UUID, seqno: -1n, view: null, without: [], why: 'restored', reason, into: restore.into }, reason: '' })
      } catch (error) {
        // Nothing was moved yet: the old data may start again.
        if (await exists(paths.data)) await writeUnfinishedRestore(paths, { ...swapping, done: 'ready' })
        throw error
      }
    }
    await placeRemoteTables(restored)
    await placeFiles(restored, await elsewhere(settings, paths.data))
    await writeFileAtomic(join(restored, 'grastate.dat'), formatGrastate({ uuid: restore.into, seqno: 0n, safeToBootstrap: true }), 0o660)
    await rename(restored, paths.data)
    await syncFolder(paths.dir)
  }
  await store.update((ledger) => (ledger.history === restore.into ? ledger : recordRestored(ledger, { into: restore.into, replaces: swapping.replaces, nodeUuid: randomUUID(), at, reason, until })))
  await removeUnfinishedRestore(paths)
}

async function keepAside(paths: GearPaths, settings: ServerSettings, { aside }: UnfinishedRestore, rescue: Rescue): Promise<void> {
  const folder = join(paths.rescued, aside)
  await noteRescue(paths, settings, folder, rescue)
  await putDatadirAside(paths.data, await elsewhere(settings, paths.data), join(folder, RESCUED_DATA))
}

/**
 * That the old datadir can be kept, and the restored files go where the settings want them, is known before anything is stopped.
 * @throws OutsideError `file-write`; UsageError `no-space`, `foreign-files`
 */
export async function requireExchangeable({ rescued, data }: GearPaths, settings: ServerSettings, restored: string): Promise<void> {
  await makeFolder(rescued, 0o750)
  const probe = join(rescued, '.probe')
  await writeFileAtomic(probe, '', 0o600)
  await rm(probe)
  await requirePlaces(restored, await elsewhere(settings, data), rescued, await remoteFolders(restored, data))
}

/** How far the old data goes, as far as that is written down. */
function positionOf(grastate: string | null, ledger: Ledger): { uuid: string; seqno: bigint } | null {
  if (grastate === null) return null
  try {
    const { uuid, seqno } = parseGrastate(grastate)
    if (!isHistory(uuid)) return null
    return seqno >= 0n ? { uuid, seqno } : ledger.departure?.position.uuid === uuid ? ledger.departure.position : { uuid, seqno }
  } catch {
    return null
  }
}
