import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Config } from '../config/resolve.ts'
import { type Fault, FaultsError, OutsideError } from '../errors.ts'
import { scriptFault } from '../mariadb/basedir.ts'
import { examineOptions } from '../mariadb/effective-options.ts'
import { encryptedBinlogFault } from '../mariadb/binlog-config.ts'
import { methodFaults } from '../mariadb/method-programs.ts'
import { findMariadb, type Mariadb } from '../mariadb/programs.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { templateFor } from '../mariadb/templates.ts'
import { certificateFault, tlsFiles } from '../tls/files.ts'
import { canListen } from '../peers/ports.ts'
import { freeBytes } from '../system/disk.ts'
import { ownCommand } from '../system/processes.ts'
import { GaleractlError } from '../errors.ts'
import type { GearPaths } from './gear.ts'
import { launchFault } from './space.ts'

/**
 * What must hold before an agent and its mariadbd are started: programs, folders, ownership, disk, ports.
 * @throws FaultsError with every fault at once
 */
export async function preflight(paths: GearPaths, config: Config): Promise<Mariadb> {
  const faults = [...(await programFaults()), ...(await folderFaults(paths)), ...(await diskFaults(paths)), ...(await portFaults(config)), ...(await libraryFaults(config)), ...(await transferFaults(paths, config))]
  const mariadb = await findMariadb(config.mariadbBin).catch((error: unknown) => {
    if (!(error instanceof GaleractlError)) throw error
    faults.push({ code: error.code, message: error.message, hint: error.hint })
    return null
  })
  if (mariadb !== null) {
    try {
      templateFor(mariadb.series)
      const unknown = await scriptFault(config, mariadb)
      if (unknown !== null) faults.push(unknown)
      faults.push(...(await optionFaults(paths, mariadb)))
      faults.push(...(await binlogFaults(paths, config, mariadb)))
    } catch (error) {
      faults.push({ code: 'unknown-version', message: (error as Error).message, hint: (error as GaleractlError).hint })
    }
  }
  if (faults.length > 0 || mariadb === null) throw new FaultsError('preflight', faults)
  return mariadb
}

/** A server that runs is not stopped for one that would not start. @throws FaultsError */
export async function requireOptions(paths: GearPaths, config: Config): Promise<void> {
  const faults = await optionFaults(paths, await findMariadb(config.mariadbBin))
  if (faults.length > 0) throw new FaultsError('options', faults)
}

/** Only the agent knows whether plugins are to arrive with the state of another node. */
async function optionFaults(paths: GearPaths, { mariadbd, series }: Mariadb): Promise<readonly Fault[]> {
  return (await examineOptions({ mariadbd, series, config: paths.config, datadir: paths.data, arrives: true })).faults
}

/** Settings that the server refuses are its own affair. */
export async function binlogFaults(paths: GearPaths, config: Config, { mariadbd }: Mariadb): Promise<readonly Fault[]> {
  if (config.archive === null) return []
  const settings = await readServerSettings(mariadbd, paths.config).catch((error: unknown) => {
    if (error instanceof OutsideError) return null
    throw error
  })
  const fault = settings === null ? null : encryptedBinlogFault(config, settings)
  return fault === null ? [] : [fault]
}

/** The agent, and what mariadbd calls in a state transfer, are this program, run by the gear's owner. */
export async function programFaults(): Promise<readonly Fault[]> {
  const { file, args } = ownCommand()
  const closed = (await Promise.all([access(file, constants.X_OK).then(() => null, () => file), ...args.map((path) => access(path, constants.R_OK).then(() => null, () => path))])).find((path) => path !== null)
  if (closed === undefined) return []
  return [{ code: 'closed-program', message: `${closed} cannot be run by the gear's owner, user ${process.getuid?.()}: it, or a folder on the way, is closed`, hint: `Run it from where everybody can: install -m 0755 ${closed} /usr/local/bin/galeractl` }]
}

async function folderFaults(paths: GearPaths): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const folder of [paths.data, paths.state, paths.run, paths.log, paths.conf]) {
    const info = await stat(folder).catch(() => null)
    // A crash while the datadir was moved aside: it is made anew when the node joins.
    if (info === null && folder === paths.data) continue
    if (info === null) faults.push({ code: 'no-folder', message: `${folder} is missing`, hint: 'Run galeractl setup: it makes what is missing.' })
    else if (info.uid !== process.getuid?.()) faults.push({ code: 'foreign-owner', message: `${folder} belongs to user ${info.uid}, not to ${process.getuid?.()}`, hint: `chown -R ${process.getuid?.()} ${folder}` })
    else if (!(await access(folder, constants.W_OK).then(() => true, () => false))) faults.push({ code: 'not-writable', message: `${folder} cannot be written`, hint: 'Mend its permissions, or mount the file system for writing.' })
  }
  return faults
}

async function diskFaults(paths: GearPaths): Promise<readonly Fault[]> {
  const fault = launchFault(paths.data, await freeBytes(paths.data))
  return fault === null ? [] : [fault]
}

async function portFaults(config: Config): Promise<readonly Fault[]> {
  const ports = [...(['sql', 'group', 'ist', 'sst', 'agent'] as const).map((name) => ({ name, port: config.listen[name] })), ...(config.own.istPort === config.listen.ist ? [] : [{ name: 'public-ist', port: config.own.istPort }])]
  const codes = await Promise.all(ports.map(({ port }) => canListen(config.bindAddress, port)))
  return ports.flatMap(({ name, port }, at) => {
    const code = codes[at]
    if (code === null || code === undefined) return []
    const hint = code === 'EADDRINUSE' ? `See who has it (ss -ltnp 'sport = :${port}'), or set --${name}-port.` : 'Set --bind-address to an address of this host.'
    return [{ code: 'port', message: `cannot listen on ${config.bindAddress} port ${port} (${name}): ${code}`, hint }]
  })
}

async function libraryFaults(config: Config): Promise<readonly Fault[]> {
  if (await access(config.galeraLibrary).then(() => true, () => false)) return []
  return [{ code: 'no-galera', message: `there is no wsrep provider ${config.galeraLibrary}`, hint: 'Install galera-4, or set --galera-library.' }]
}

/** What state transfers need: programs, and a sound certificate; one of the cluster's own CA is made anew where it has a fault. */
export async function transferFaults(paths: GearPaths, config: Config): Promise<readonly Fault[]> {
  const faults = await methodFaults(config)
  const files = tlsFiles(config, paths.tls)
  const fault = files === null || config.tls === 'cluster' ? null : await certificateFault(files, config.own.host, new Date())
  return fault === null ? faults : [...faults, fault]
}
