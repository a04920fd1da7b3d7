import { stat } from 'node:fs/promises'
import { resolve } from '../config/resolve.ts'
import { OutsideError, UsageError } from '../errors.ts'
import { connectionInfo } from '../gear/endpoints.ts'
import { configOf, gearFolder, gearPaths, gearSources } from '../gear/gear.ts'
import { control } from '../gear/platform-control.ts'
import { endGear } from '../gear/platform-leave.ts'
import { clientError, clientLines } from '../gear/platform-output.ts'
import { BUDGET, step } from '../gear/platform-step.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { isErrno, readIfExists } from '../system/files.ts'
import { becomeOwner } from '../system/privileges.ts'
import type { Context, Given } from './command.ts'
import { openedGear } from './opened-gear.ts'

type Script = (context: Context, folder: string, args: readonly string[]) => Promise<number>

/** The scripts of bin/, as the platform calls them (openshift/origin-server); the gear is `gear/` in the cartridge's folder. */
const SCRIPTS: Readonly<Record<string, Script>> = {
  setup: async (context, folder, args) => {
    await requireVersion(folder, args)
    const { said } = await step(['--gear', folder, 'setup'], BUDGET)
    context.print(clientLines('CLIENT_MESSAGE', `node ${said['name']} with MariaDB ${said['mariadb']} is set up`))
    return 0
  },
  install: async (context) => {
    const { user, password, database } = connectionInfo(configOf(await openedGear(context)))
    // Address and port are the platform's to give, and change when a gear moves.
    const url = 'mysql://$OPENSHIFT_MARIADB_DB_HOST:$OPENSHIFT_MARIADB_DB_PORT/'
    context.print(clientLines('CLIENT_RESULT', ['', 'MariaDB Galera node added. To connect:', `  user:     ${user}`, `  password: ${password}`, `  database: ${database}`, `  URL:      ${url}`, ''].join('\n')))
    context.print(clientLines('CART_DATA', [`username=${user}`, `password=${password}`, `database_name=${database}`, `connection_url=${url}`].join('\n')))
    return 0
  },
  post_install: async () => 0,
  control: (context, folder, [verb = '']) => control(verb, folder, context.print),
  teardown: async (context, folder) => {
    if (await exists(folder)) context.print(clientLines('CLIENT_MESSAGE', await endGear(gearPaths(folder))))
    return 0
  },
  /** `upgrade SOFTWARE_VERSION CURRENT NEW`: what a version needs is what setup does. */
  upgrade: async (context, folder, args) => {
    const { said } = await step(['--gear', folder, 'setup'], BUDGET)
    context.print(clientLines('CLIENT_MESSAGE', `node ${said['name']}: upgraded from cartridge ${args[1] ?? '?'} to ${args[2] ?? '?'}`))
    return 0
  },
  /** As `galeractl snapshot create`, of a gear that runs. */
  snapshot: async (context, folder, args) => {
    const { said } = await step(['--gear', folder, 'snapshot', 'create', ...args], BUDGET)
    const { id, position } = said['snapshot'] as { id: string; position: { uuid: string; seqno: string } }
    context.print(clientLines('CLIENT_RESULT', `snapshot ${id} at ${position.uuid}:${position.seqno}`))
    return 0
  },
  /** As `galeractl restore`. */
  restore: async (context, folder, args) => {
    const { said } = await step(['--gear', folder, 'restore', ...args], BUDGET)
    context.print(clientLines('CLIENT_RESULT', `restored: a new history begins, ${(said['restored'] as { history: string }).history}`))
    return 0
  },
}

/** Entry point of the platform's scripts. A failure is told on stdout, where the platform reads it. */
export async function run(context: Context, _given: Given, [name = '', ...args]: readonly string[]): Promise<number> {
  try {
    const script = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name] : undefined
    if (script === undefined) throw new UsageError('no-script', `${JSON.stringify(name)} is no script of the cartridge`, `One of ${Object.keys(SCRIPTS).join(', ')}.`)
    return await script(context, await asOwner(gearFolder(context.gear, process.env)), args)
  } catch (error) {
    const { exitCode, text } = clientError(error)
    context.print(text)
    return exitCode
  }
}

/** Root reads no settings, pids and programs of a gear as root: they are its owner's to choose. @returns the folder */
async function asOwner(folder: string): Promise<string> {
  return (await exists(folder)) ? becomeOwner(folder) : folder
}

/** `--version V` names the series that the user chose; the machine must have it. @throws UsageError `other-version` */
async function requireVersion(folder: string, args: readonly string[]): Promise<void> {
  const wanted = args[args.indexOf('--version') + 1]
  if (!args.includes('--version') || wanted === undefined) return
  const paths = gearPaths(folder)
  const { 'mariadb-bin': bin } = resolve(await gearSources(paths, (await readIfExists(paths.gearFile)) ?? '', {}))
  const { version, series } = await findMariadb(bin.text || null)
  if (series !== wanted) throw new UsageError('other-version', `version ${wanted} was asked for, the MariaDB here is ${version}`, `Install MariaDB ${wanted} on this node, or name its folder with the variable GALERACTL_MARIADB_BIN.`)
}

async function exists(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory()
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return false
    throw new OutsideError('teardown', `cannot look at ${folder}: ${(cause as Error).message}`, 'Run as the owner of the gear.', { cause })
  }
}
