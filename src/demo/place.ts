import { randomBytes } from 'node:crypto'
import { copyFile, link, lstat, mkdir, open, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { isErrno } from '../system/files.ts'
import { ownCommand, run, type RunResult } from '../system/processes.ts'
import { type Account, findAccount, nameOf, reach, requireOwnLinks } from '../system/privileges.ts'

export interface DemoNode {
  readonly name: string
  readonly address: string
  readonly gear: string
}

export interface Demo {
  readonly nodes: readonly DemoNode[]
  readonly secretFile: string
  /** The folder as the user named it, or where that one is closed to the database's user, the real one. */
  readonly shown: string
  /** The option that names it, where it is not the default. */
  readonly option: string
  /** Runs galeractl on one of the gears. Progress lines go to `tell`. */
  readonly galeractl: (node: DemoNode, args: readonly string[]) => Promise<RunResult>
}

const ADDRESSES = ['127.0.0.11', '127.0.0.12', '127.0.0.13'] as const
/** Where the gears go when the database's user can't enter the chosen folder, as below /root. */
const ELSEWHERE = '/var/lib/galeractl-demo'
const START_TIMEOUT = 300_000

export const DEMO_FOLDER = '.demo'

/** How the user called us. */
export const DEMO_COMMAND = process.env['GALERACTL_DEMO_COMMAND'] ?? 'galeractl'

export const DEMO_PEERS = ADDRESSES.map((address, at) => `n${at + 1}/${address}`).join(',')

/**
 * The demo's folder with its secret; nothing is started. Made only where `make` says so.
 * @throws UsageError `no-demo`
 */
export async function prepareDemo(folder: string, make: boolean): Promise<Demo> {
  const account = process.getuid?.() === 0 ? await findAccount('mysql') : null
  if (!make && (await stat(resolve(folder)).catch(() => null)) === null) throw new UsageError('no-demo', `there is no demo in ${resolve(folder)}`, 'Run galeractl demo to make one here, or name its folder with --dir.')
  const place = await placeFor(resolve(folder), account)
  const secretFile = join(place, 'secret')
  await makeSecret(secretFile, account)
  const command = await reachableCommand(place, account)
  const nodes = ADDRESSES.map((address, at) => ({ name: `n${at + 1}`, address, gear: join(place, `n${at + 1}`) }))
  const galeractl = (node: DemoNode, args: readonly string[]) =>
    run(command.file, [...command.args, '--gear', node.gear, ...args], { timeout: START_TIMEOUT, env: { ...(process.env as Record<string, string>), GALERACTL_GEAR: node.gear }, onOurDeath: 'TERM' })
  return { nodes, secretFile, shown: place.startsWith(ELSEWHERE) ? place : folder, option: folder === DEMO_FOLDER ? '' : ` --dir ${folder}`, galeractl }
}

/** What is there already stays as it is, whoever has put it there. */
async function makeSecret(path: string, account: Account | null): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      if (account !== null) await file.chown(account.uid, account.gid)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST')) throw cause
  }
}

/** @throws UsageError `foreign-demo`, `foreign-link` */
async function placeFor(folder: string, account: Account | null): Promise<string> {
  const existing = await lstat(folder).catch(() => null)
  if (existing === null) {
    if (account === null || (await canEnter(dirname(folder), account))) await mkdir(folder, { recursive: true, mode: 0o755 })
    else {
      await mkdir(ELSEWHERE, { recursive: true, mode: 0o755 })
      await symlink(ELSEWHERE, folder)
    }
  }
  using found = reach(folder)
  if (account === null) return found.path
  await requireOwnLinks(found, folder, 0)
  // Root runs a program from there.
  if (found.uid !== 0) throw new UsageError('foreign-demo', `${found.path} belongs to ${await nameOf(found.uid)}`, 'Name a folder of root, or one that is not there yet, with --dir.')
  return found.path
}

/** Whether another user may go through every folder on the way. */
async function canEnter(folder: string, account: Account): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === '/') return true
  }
}

/** This program, or a copy of it where the gears' user can't reach it. */
async function reachableCommand(place: string, account: Account | null): Promise<{ file: string; args: readonly string[] }> {
  const command = ownCommand()
  if (account === null || (await canEnter(dirname(command.file), account))) return command
  const copy = join(place, 'galeractl')
  await rm(copy, { force: true })
  await link(command.file, copy).catch(() => copyFile(command.file, copy))
  return { ...command, file: copy }
}

/** The pids of everything that runs on the demo's gears: agents and servers. A recorded pid may be another process by now. */
export async function demoPids(demo: Demo): Promise<readonly number[]> {
  const pids: number[] = []
  for (const node of demo.nodes) {
    for (const file of ['run/server.json', 'run/agent.pid']) {
      const text = await readFile(join(node.gear, file), 'utf8').catch(() => '')
      const pid = Number(text.match(/\d+/)?.[0])
      const cwd = pid > 0 ? await readlink(`/proc/${pid}/cwd`).catch(() => '') : ''
      if (cwd === node.gear || cwd.startsWith(`${node.gear}/`)) pids.push(pid)
    }
  }
  return pids
}
