import { realpath, stat } from 'node:fs/promises'
import { join, resolve as resolvePath } from 'node:path'
import { parse } from 'dotenv'
import { GEAR_VARIABLE } from '../config/settings.ts'
import { readSharedVariables } from '../config/shared-variables.ts'
import { type Config, type Resolved, resolve, toConfig } from '../config/resolve.ts'
import { type Fault, UsageError } from '../errors.ts'
import type { ServerFiles } from '../mariadb/server.ts'
import { isErrno, readIfExists } from '../system/files.ts'

/** The folders and files of one gear. Everything that a gear writes is under it. */
export interface GearPaths {
  readonly dir: string
  readonly gearFile: string
  readonly env: string
  readonly conf: string
  readonly config: string
  readonly clusterConfig: string
  readonly backupConfig: string
  readonly tlsConfig: string
  readonly binlogConfig: string
  /** Certificates of the cluster's own CA. */
  readonly tls: string
  readonly data: string
  /** Datadirs that were moved aside. */
  readonly rescued: string
  /** Snapshots, where the settings name no other folder. */
  readonly snapshots: string
  /** A restore that has not ended. */
  readonly restore: string
  readonly state: string
  readonly ledger: string
  /** There while each run of mariadbd had its binary log. */
  readonly logged: string
  readonly run: string
  readonly socket: string
  readonly pidFile: string
  readonly agentSocket: string
  readonly agentLock: string
  readonly agentPid: string
  readonly spool: string
  /** The operator's commands on events. */
  readonly notifyFolder: string
  /** How far a state transfer from here is. */
  readonly sstReport: string
  readonly log: string
  readonly serverLog: string
  readonly agentLog: string
  readonly events: string
  readonly basedir: string
  readonly hooks: string
}

export function gearPaths(dir: string): GearPaths {
  const at = (...parts: string[]) => join(dir, ...parts)
  return {
    dir,
    gearFile: at('gear.env'),
    env: at('env'),
    conf: at('conf'),
    config: at('conf', 'my.cnf'),
    clusterConfig: at('conf', 'cluster.cnf'),
    backupConfig: at('conf', 'backup.cnf'),
    tlsConfig: at('conf', 'tls.cnf'),
    binlogConfig: at('conf', 'binlog.cnf'),
    tls: at('tls'),
    data: at('data'),
    rescued: at('rescued'),
    snapshots: at('snapshots'),
    restore: at('restore'),
    state: at('state'),
    ledger: at('state', 'ledger.json'),
    logged: at('state', 'logged'),
    run: at('run'),
    socket: at('run', 'mariadbd.sock'),
    pidFile: at('run', 'mariadbd.pid'),
    agentSocket: at('run', 'agent.sock'),
    agentLock: at('run', 'agent.lock'),
    agentPid: at('run', 'agent.pid'),
    spool: at('run', 'notify.spool'),
    notifyFolder: at('notify.d'),
    sstReport: at('run', 'sst.json'),
    log: at('log'),
    serverLog: at('log', 'mariadbd.log'),
    agentLog: at('log', 'agent.log'),
    events: at('log', 'events.jsonl'),
    basedir: at('basedir'),
    hooks: at('hooks'),
  }
}

/** The kernel takes at most 107 bytes for the name of a socket. */
export const LONGEST_GEAR_PATH = 107 - '/run/mariadbd.sock'.length

export interface Gear {
  readonly paths: GearPaths
  /** Every setting with its origin, valid or not. */
  readonly resolved: Resolved
}

/** What is wrong with where a gear is: its real path counts, not a link that leads to it. */
export function pathFaults(dir: string): readonly Fault[] {
  const size = Buffer.byteLength(dir)
  return [
    ...(size > LONGEST_GEAR_PATH ? [{ code: 'long-path', message: `the real path of the gear, ${dir}, has ${size} bytes; with the names of its sockets it may have at most 107`, hint: `Choose a folder whose real path has at most ${LONGEST_GEAR_PATH} bytes.` }] : []),
    ...(/^[A-Za-z0-9_./@+~-]+$/.test(dir) ? [] : [{ code: 'bad-path', message: `the path ${JSON.stringify(dir)} has characters that MariaDB's scripts do not take`, hint: 'Use letters, digits and _ . / @ + ~ - only.' }]),
  ]
}

/** Which folder: --gear, else GALERACTL_GEAR, else the platform's cartridge folder. @throws UsageError `no-gear` */
export function gearFolder(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  const cartridge = environment['OPENSHIFT_MARIADB_DIR']
  const folder = option ?? environment[GEAR_VARIABLE] ?? (cartridge === undefined ? undefined : join(cartridge, 'gear'))
  if (folder === undefined || folder === '') {
    throw new UsageError('no-gear', 'no gear is chosen', `Give --gear DIR or set ${GEAR_VARIABLE}.`)
  }
  return resolvePath(folder)
}

/**
 * Opens a gear that setup has made.
 * @throws UsageError `missing-gear`, `not-a-gear`, `long-path`, `bad-path`
 */
export async function openGear(folder: string, options: Readonly<Record<string, string | undefined>> = {}): Promise<Gear> {
  const dir = await existing(folder)
  const [fault] = pathFaults(dir)
  if (fault !== undefined) throw new UsageError(fault.code, fault.message, fault.hint)
  const paths = gearPaths(dir)
  const gearFile = await readIfExists(paths.gearFile)
  if (gearFile === null) throw new UsageError('not-a-gear', `${dir} has no gear.env: it is no gear, or its setup did not end`, `Run galeractl setup --gear ${dir}.`)
  return { paths, resolved: resolve(await gearSources(paths, gearFile, options)) }
}

export async function gearSources(paths: GearPaths, gearFile: string, options: Readonly<Record<string, string | undefined>>) {
  return {
    options,
    environment: new Map(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))),
    shared: await readSharedVariables(paths.env),
    gearFile: new Map(Object.entries(parse(gearFile))),
  }
}

/** @throws FaultsError with every fault of the settings */
export function configOf(gear: Gear): Config {
  return toConfig(gear.resolved)
}

async function existing(folder: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) return await realpath(folder)
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) {
      throw new UsageError('missing-gear', `cannot open the gear ${folder}: ${(cause as Error).message}`, 'Run as the owner of the gear, or mend the path.', { cause })
    }
  }
  throw new UsageError('missing-gear', `there is no folder ${folder}`, `Make the gear with galeractl setup --gear ${folder}.`)
}

/** The files by which the gear's mariadbd is started and found again. */
export function gearServerFiles(paths: GearPaths): ServerFiles {
  return { config: paths.config, data: paths.data, pidFile: paths.pidFile, processFile: join(paths.run, 'server.json'), serverLog: paths.serverLog }
}
