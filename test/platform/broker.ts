import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../support/cluster.ts'
import { commandOf, endProcess } from '../support/processes.ts'
import { copyCartridge, environmentOf, executableFor, owner, type PlatformGear, relock, setVariable, unlock, writeEndpoints } from './gear-place.ts'

/** The platform's limit for an action, or for a whole batch at once. */
const BUDGET = 234_000
/** The series of the MariaDB that is installed here. */
export const VERSION = execFileSync('mariadbd', ['--no-defaults', '--version'], { encoding: 'utf8' }).match(/Ver (\d+\.\d+)/)?.[1] ?? ''

export interface ScriptResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Stands in for the platform (openshift/origin-server), which can't run here: one scaled application.
 * It calls the cartridge's files only, in the platform's order, with its environment and its arguments.
 */
export interface Broker extends AsyncDisposable {
  /** The gears that are there now. */
  readonly gears: readonly PlatformGear[]
  readonly folder: string
  /** Runs one of the cartridge's files as the platform does; any exit code is a result. */
  readonly action: (gear: PlatformGear, file: string, ...args: readonly string[]) => Promise<ScriptResult>
  /** Makes gears at the same moment; no connection hook has run when they start. */
  readonly install: (addresses: readonly string[]) => Promise<readonly PlatformGear[]>
  /** The connection hooks on every gear. @returns the variables that applications get */
  readonly connect: () => Promise<Readonly<Record<string, string>>>
  readonly scaleUp: (addresses: readonly string[]) => Promise<void>
  readonly scaleDown: (gears: readonly PlatformGear[]) => Promise<void>
  /** To other ports: its first start there is before the connection hooks. */
  readonly move: (gear: PlatformGear, shift: number) => Promise<void>
  readonly idle: () => Promise<void>
  readonly resume: () => Promise<void>
  /** The first gear's data folder as an archive, made while the application is stopped. @returns its path */
  readonly snapshot: () => Promise<string>
  /** Such an archive in place of the first gear's data folder. */
  readonly restore: (archive: string) => Promise<void>
}

export function makeBroker(application: string, archives?: string): Broker {
  const folder = scratchFolder()
  const scratch = archives ?? folder
  const executable = executableFor(folder)
  const common = join(folder, 'etc-openshift-env')
  mkdirSync(common)
  writeFileSync(join(common, 'PATH'), '/bin:/usr/bin\n')
  const secret = randomBytes(64).toString('base64url')
  const namespace = 'tests'
  const gears: PlatformGear[] = []

  const action: Broker['action'] = (gear, file, ...args) => runScript(gear, join(gear.cartridge, file), args, environmentOf(gear, common))
  const must: Broker['action'] = async (gear, file, ...args) => {
    const result = await action(gear, file, ...args)
    if (result.exitCode !== 0) throw new Error(`${file} ${args.join(' ')} on ${gear.address} ended with ${result.exitCode}: ${result.stdout}${result.stderr}`)
    return result
  }
  const all = (file: string, ...args: string[]) => Promise.all(gears.map((gear) => must(gear, file, ...args)))

  const installOne = async (address: string): Promise<PlatformGear> => {
    const uuid = randomBytes(12).toString('hex')
    const home = join(folder, uuid)
    const gear: PlatformGear = { uuid, name: uuid, address, home, cartridge: join(home, 'mariadb') }
    copyCartridge(gear, executable)
    mkdirSync(dataOf(gear), { recursive: true })
    for (const part of ['app-root', 'app-root/data']) chownSync(join(home, part), owner.uid, owner.gid)
    const given = { APP_DNS: `${application}.example.com`, APP_NAME: application, APP_UUID: 'a'.repeat(24), GEAR_DNS: address, GEAR_NAME: gear.name, GEAR_UUID: uuid, HOMEDIR: `${home}/`, DATA_DIR: `${home}/app-root/data/`, TMP_DIR: '/tmp/', SECRET_TOKEN: secret, NAMESPACE: namespace, MARIADB_DIR: `${gear.cartridge}/`, MARIADB_IDENT: `galeractl:mariadb:${VERSION}:0.1.0` }
    for (const [name, value] of Object.entries(given)) setVariable(gear, `OPENSHIFT_${name}`, value)
    setVariable(gear, 'HOME', home)
    writeEndpoints(gear, 0)
    const before = visible(home)
    await must(gear, 'bin/setup', '--version', VERSION)
    await must(gear, 'bin/install', '--version', VERSION)
    if (visible(home) !== before) throw new Error(`the installation left ${visible(home)} in the gear's home, there was ${before}`)
    relock(gear)
    await must(gear, 'bin/control', 'start')
    await must(gear, 'bin/post_install', '--version', VERSION)
    return gear
  }
  const install: Broker['install'] = async (addresses) => {
    const made = await Promise.all(addresses.map(installOne))
    gears.push(...made)
    return made
  }

  const connect: Broker['connect'] = async () => {
    const given = (gear: PlatformGear) => [gear.name, namespace, gear.uuid] as const
    const published = await Promise.all(gears.map(async (gear) => ({ gear, ...(await action(gear, 'hooks/publish-mariadb-cluster', ...given(gear))) })))
    const membership = published.filter((one) => one.exitCode === 0).map((one) => `'${one.gear.uuid}'='${one.stdout}'`).join(' ')
    await Promise.all(gears.map((gear) => action(gear, 'hooks/set-mariadb-cluster', ...given(gear), membership)))
    const first = gears[0] as PlatformGear
    return variables((await action(first, 'hooks/publish-db-connection-info', ...given(first))).stdout)
  }

  return {
    gears,
    folder,
    action,
    install,
    connect,
    scaleUp: async (addresses) => {
      await install(addresses)
      await connect()
    },
    scaleDown: async (leaving) => {
      await Promise.all(leaving.map(async (gear) => {
        unlock(gear)
        await must(gear, 'bin/teardown')
        const left = processesOf(gear.home)
        if (left.length > 0) throw new Error(`after teardown still running: ${left.map((one) => one.command).join('; ')}`)
        rmSync(gear.home, { recursive: true })
      }))
      gears.splice(0, gears.length, ...gears.filter((gear) => !leaving.includes(gear)))
      await connect()
    },
    move: async (gear, shift) => {
      await must(gear, 'bin/control', 'stop')
      writeEndpoints(gear, shift)
      await must(gear, 'bin/control', 'start')
      await connect()
    },
    idle: async () => void (await all('bin/control', 'stop')),
    resume: async () => void (await all('bin/control', 'start')),
    snapshot: async () => {
      const first = gears[0] as PlatformGear
      const archive = join(scratch, `${first.uuid}-${Date.now()}.tar`)
      await all('bin/control', 'stop')
      await must(first, 'bin/control', 'pre-snapshot')
      execFileSync('tar', ['-C', dataOf(first), '-cf', archive, '.'])
      await must(first, 'bin/control', 'post-snapshot')
      await all('bin/control', 'start')
      return archive
    },
    restore: async (archive) => {
      const first = gears[0] as PlatformGear
      await all('bin/control', 'stop')
      await must(first, 'bin/control', 'pre-restore')
      for (const name of readdirSync(dataOf(first))) rmSync(join(dataOf(first), name), { recursive: true })
      execFileSync('tar', ['-C', dataOf(first), '-xf', archive], owner)
      await must(first, 'bin/control', 'post-restore')
      await all('bin/control', 'start')
    },
    [Symbol.asyncDispose]: async () => {
      for (let left = processesOf(folder); left.length > 0; left = processesOf(folder)) {
        for (const { pid } of left) endProcess(pid)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}

/** An ENV type's output: `K=V` lines, and a value ends at a second `=`. */
export function variables(output: string): Readonly<Record<string, string>> {
  return Object.fromEntries(output.trim().split('\n').map((line) => line.split('=').slice(0, 2) as [string, string]))
}

/** Every process that names this folder in its command line. */
export function processesOf(folder: string): readonly { pid: number; command: string }[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const command = existsSync(`/proc/${pid}/cmdline`) ? commandOf(pid) : ''
    return command.includes(`${folder}/`) && Number(pid) !== process.pid ? [{ pid: Number(pid), command }] : []
  })
}

/** The platform reads stdout and stderr to their ends: whoever keeps them open holds the action up. */
function runScript(gear: PlatformGear, file: string, args: readonly string[], env: Record<string, string>): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: gear.cartridge, env, stdio: ['ignore', 'pipe', 'pipe'], ...owner })
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (part) => (output.stdout += String(part)))
    child.stderr.on('data', (part) => (output.stderr += String(part)))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${file} ${args.join(' ')} is not over within ${BUDGET / 1000} s`))
    }, BUDGET)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ exitCode: code ?? 255, ...output })
    })
  })
}

const dataOf = (gear: PlatformGear) => join(gear.home, 'app-root/data')

const visible = (home: string) => readdirSync(home).filter((name) => !name.startsWith('.')).join(' ')
