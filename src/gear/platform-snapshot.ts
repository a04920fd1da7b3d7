import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { findServer } from '../mariadb/server.ts'
import { exists, namesIn } from '../system/files.ts'
import { gearPaths, gearServerFiles, openGear } from './gear.ts'
import { BUDGET, step } from './platform-step.ts'

/**
 * The platform's own snapshots: it stops the gear, calls pre-snapshot, archives the data folder (not the cartridge's, where the
 * gear is), and calls post-snapshot; a restore wipes and fills the data folder between pre-restore and post-restore (openshift/origin-server).
 */

/** In the platform's data folder. */
const FOLDER = 'galeractl-snapshot'

/** @throws UsageError `no-data-folder` */
function folderOf(environment: NodeJS.ProcessEnv): string {
  const data = environment['OPENSHIFT_DATA_DIR']
  if (data === undefined || data === '') throw new UsageError('no-data-folder', 'OPENSHIFT_DATA_DIR is not set', 'The platform names the folder that it archives; by hand use galeractl snapshot create.')
  return join(data, FOLDER)
}

/** @returns what was done, for people */
export async function preSnapshot(gear: string): Promise<string> {
  const folder = folderOf(process.env)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const running = (await findServer(gearServerFiles(gearPaths(gear)))) !== null
  const { said } = await step(['--gear', gear, 'snapshot', 'create', '--to', folder, '--name', `platform-${Date.now()}`, running ? '--from-last-writer' : '--offline'], BUDGET)
  const { position } = said['snapshot'] as { position: { uuid: string; seqno: string } }
  return `the database is in ${folder}, at ${position.uuid}:${position.seqno}`
}

export async function postSnapshot(): Promise<string> {
  const folder = folderOf(process.env)
  if (!(await exists(folder))) return 'nothing to remove'
  await rm(folder, { recursive: true, force: true })
  return `${folder} is removed: it is in the archive`
}

export async function preRestore(): Promise<string> {
  return 'nothing to do: the database is exchanged when the archive is unpacked'
}

/** Only the gear whose data is in the archive is restored: the others take the state from it when all start. */
export async function postRestore(gear: string): Promise<string> {
  const folder = folderOf(process.env)
  const id = (await namesIn(folder)).find((name) => name.startsWith('platform-'))
  if (id === undefined) return 'there is no database in the archive for this gear: it takes the state from the others when it starts'
  const cluster = (await openGear(gear)).resolved['cluster-name'].text
  const { said } = await step(['--gear', gear, 'restore', id, '--dir', folder, '--yes', cluster, '--without', 'all', '--no-start'], BUDGET)
  const { history } = said['restored'] as { history: string }
  await rm(folder, { recursive: true, force: true })
  return `the database is restored and begins a new history, ${history}; the datadir of before is kept in rescued/ of the gear`
}
