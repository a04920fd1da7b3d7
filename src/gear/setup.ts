import { constants } from 'node:fs'
import { access, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import notifyHook from '../../hooks/notify' with { type: 'text' }
import { type Config, findFaults, type Resolved, resolve, toConfig } from '../config/resolve.ts'
import { newSecret } from '../config/secrets.ts'
import { type Fault, FaultsError, GaleractlError, UsageError } from '../errors.ts'
import { refreshBasedir } from '../mariadb/basedir.ts'
import { renderBinlogConfig } from '../mariadb/binlog-config.ts'
import { ledgerSchema } from '../galera/ledger.ts'
import { hasSystemTables, installDatadir } from '../mariadb/datadir.ts'
import { renderBackupConfig, renderClusterConfig, renderMyCnf, renderTlsConfig } from '../mariadb/my-cnf.ts'
import { findMariadb, type Mariadb } from '../mariadb/programs.ts'
import { finishPuttingAside } from '../mariadb/put-aside.ts'
import { templateFor } from '../mariadb/templates.ts'
import { usersSql } from '../mariadb/users.ts'
import { ensureCertificate, tlsFiles } from '../tls/files.ts'
import { ownCommand } from '../system/processes.ts'
import { parseAs } from '../system/json.ts'
import { lockFile } from '../system/lock.ts'
import { makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'
import { formatEndpoint, NODE_NAME } from '../galera/endpoint.ts'
import { LONGEST_GROUP_NAME, shortName } from '../galera/member-name.ts'
import { isSame, othersOf } from '../galera/peer-list.ts'
import { type Change, gearFileChanges, lineChanges, mergeGearFile } from './gear-file.ts'
import { type GearPaths, gearSources, pathFaults } from './gear.ts'
import { binlogFaults, programFaults, transferFaults } from './preflight.ts'
import { refuseWhileSwapping } from './unfinished-restore.ts'

export interface SetupResult {
  readonly changes: readonly Change[]
  readonly config: Config
  readonly version: string
  /** A secret was made that the other nodes of the cluster must be given. */
  readonly newSecret: boolean
}

export interface SetupOptions {
  /** Settings given now, by name; they are kept in gear.env. */
  readonly given: Readonly<Record<string, string | undefined>>
  /** A platform names its gears as it likes; a person can choose another name, once. */
  readonly namedBy: 'person' | 'platform'
  readonly tell: (progress: string) => void
  readonly signal?: AbortSignal
}

/**
 * Makes a gear, or brings it to the settings. Run again it changes nothing; interrupted, it starts
 * the unfinished step over.
 * @throws FaultsError with every fault at once; OutsideError where the disk or MariaDB fails
 */
export async function setUpGear(paths: GearPaths, options: SetupOptions): Promise<SetupResult> {
  const before = await readIfExists(paths.gearFile)
  const { given, madeSecret } = await withSecret(paths, before, options.given)
  const after = mergeGearFile(before, given)
  const resolved = resolve(await gearSources(paths, after, {}))
  const { mariadb, faults } = await requirements(paths, resolved['mariadb-bin'].text || null)
  const settingFaults = findFaults(resolved)
  const all = [...settingFaults, ...(before === null && options.namedBy === 'person' ? nameFaults(options.given['name']) : []), ...ownFaults(options.given['peers'], resolved), ...(await archiveFaults(options.given['archive'], parse(before ?? '')['GALERACTL_ARCHIVE'])), ...faults, ...(settingFaults.length > 0 ? [] : await transferFaults(paths, toConfig(resolved)))]
  if (all.length > 0 || mariadb === null) throw new FaultsError('setup', all)
  const config = toConfig(resolved)
  if (before !== null && parse(before)['GALERACTL_SECRET'] !== undefined) refuseUserChanges(before, after)

  await makeFolders(paths)
  await using _lock = await lockFile(join(paths.run, 'setup.lock'), 'a setup')
  await refuseWhileSwapping(paths)
  const changes: Change[] = [...(await write(paths.gearFile, before, after, 0o600)) ? gearFileChanges(before, after) : []]
  changes.push(...(await writeConfiguration(paths, config, mariadb)))
  const serverFaults = await binlogFaults(paths, config, mariadb)
  if (serverFaults.length > 0) throw new FaultsError('setup', serverFaults)
  // Half of a state transfer is the agent's to see to, when it joins again.
  const half = parseAs(ledgerSchema, await readIfExists(paths.ledger))?.joining === true && !(await hasSystemTables(paths.data))
  if (!half) await finishPuttingAside(paths.data)
  if (!half && (await installDatadir(paths.data, mariadb, usersSql(config), { ...options, as: 'gear', config: paths.config }))) changes.push({ what: 'datadir', before: null, after: paths.data })
  return { changes, config, version: mariadb.version, newSecret: madeSecret }
}

async function writeConfiguration(paths: GearPaths, config: Config, mariadb: Mariadb): Promise<readonly Change[]> {
  await refreshBasedir(paths.basedir, { mariadbd: mariadb.mariadbd, own: ownCommand(), bind: config.bindAddress })
  const changes: Change[] = []
  const old = await readIfExists(paths.config)
  const now = renderMyCnf(config, mariadb.series, paths)
  if (await write(paths.config, old, now, 0o640)) changes.push(...lineChanges('my.cnf', old, now))
  await write(paths.backupConfig, await readIfExists(paths.backupConfig), renderBackupConfig(config), 0o600)
  await write(paths.tlsConfig, await readIfExists(paths.tlsConfig), renderTlsConfig(tlsFiles(config, paths.tls)), 0o640)
  const [oldBinlog, binlog] = [await readIfExists(paths.binlogConfig), renderBinlogConfig(config)]
  if (await write(paths.binlogConfig, oldBinlog, binlog, 0o640)) changes.push(...(oldBinlog === null && config.archive === null ? [] : lineChanges('binlog.cnf', oldBinlog ?? '', binlog)))
  const renewed = await ensureCertificate(config, paths.tls, new Date())
  if (renewed !== null) changes.push({ what: 'certificate', before: null, after: `of ${config.own.host} (${renewed})` })
  if ((await readIfExists(paths.clusterConfig)) === null) {
    await writeFileAtomic(paths.clusterConfig, renderClusterConfig(othersOf(config.peers ?? [], config.own)), 0o640)
  }
  const hook = join(paths.hooks, 'notify')
  if (await write(hook, await readIfExists(hook), notifyHook, 0o755)) changes.push({ what: 'hooks/notify', before: null, after: 'written' })
  return changes
}

async function write(path: string, before: string | null, after: string, mode: number): Promise<boolean> {
  if (before === after) return false
  await writeFileAtomic(path, after, mode)
  return true
}

async function makeFolders(paths: GearPaths): Promise<void> {
  for (const folder of [paths.dir, paths.env, paths.conf, join(paths.conf, 'conf.d'), paths.state, paths.run, paths.log, paths.hooks, paths.notifyFolder]) await makeFolder(folder, 0o750)
  await chmod(paths.run, 0o750)
}

async function withSecret(paths: GearPaths, before: string | null, given: SetupOptions['given']): Promise<{ given: SetupOptions['given']; madeSecret: boolean }> {
  const { secret } = resolve(await gearSources(paths, mergeGearFile(before, given), {}))
  return secret.text === '' ? { given: { ...given, secret: newSecret() }, madeSecret: true } : { given, madeSecret: false }
}

/** Galera would show another name than people have given. */
function nameFaults(given: string | undefined): readonly Fault[] {
  if (given === undefined || !NODE_NAME.test(given) || given.length <= LONGEST_GROUP_NAME) return []
  return [{ code: 'long-name', message: `name ${given} has ${given.length} characters: Galera shows at most ${LONGEST_GROUP_NAME} of a node's name`, hint: `Choose a shorter name, such as --name ${shortName(given)}, also in the peer list.` }]
}

/** A list that is given now must hold this node, or it would start a cluster of its own beside the others. */
function ownFaults(given: string | undefined, resolved: Resolved): readonly Fault[] {
  if (given === undefined || findFaults(resolved).length > 0) return []
  const { own, peers } = toConfig(resolved)
  if (peers?.some((peer) => isSame(peer, own) && peer.host === own.host)) return []
  return [{ code: 'not-listed', message: `peers: ${given} does not hold this node, ${own.name} at ${own.host}`, hint: `List every node, this one as ${formatEndpoint(own)}.` }]
}

/** A new one must be there; later it may be gone for a while, which stops no node. */
async function archiveFaults(given: string | undefined, before: string | undefined): Promise<readonly Fault[]> {
  if (given === undefined || given === before || !given.startsWith('/')) return []
  const usable = await access(given, constants.R_OK | constants.W_OK | constants.X_OK).then(() => true, () => false)
  return usable ? [] : [{ code: 'no-archive', message: `archive: ${given} is no folder that user ${process.getuid?.()} can write to`, hint: `Make it and give it to the gear's owner: install -d -o ${process.getuid?.()} -m 0750 ${given}` }]
}

/** What must be on the machine and about the folder; every fault at once. */
async function requirements(paths: GearPaths, mariadbBin: string | null): Promise<{ mariadb: Mariadb | null; faults: readonly Fault[] }> {
  const faults: Fault[] = [...pathFaults(paths.dir), ...(await programFaults())]
  let mariadb: Mariadb | null = null
  try {
    mariadb = await findMariadb(mariadbBin)
    templateFor(mariadb.series)
  } catch (error) {
    if (!(error instanceof GaleractlError)) throw error
    faults.push({ code: error.code, message: error.message, hint: error.hint })
  }
  return { mariadb, faults }
}

/** Users live in the cluster's data: a changed password here would only lock the agent out. */
function refuseUserChanges(before: string, after: string): void {
  const changed = gearFileChanges(before, after).filter(({ what }) => /^GALERACTL_(NAME$|SECRET|APP_)/.test(what)).map(({ what }) => what)
  if (changed.length === 0) return
  if (changed.includes('GALERACTL_NAME')) throw new UsageError('name-fixed', 'the name of a node stays: its ledger and its peers know it by that', 'Make a new gear with the new name, and leave this one out of the peer list.')
  throw new UsageError('users-exist', `${changed.join(', ')} cannot be changed by setup: the users are in the cluster's data already`, 'Change users with SQL; the secret stays that of the cluster for its life.')
}
