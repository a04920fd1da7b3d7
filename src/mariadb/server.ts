import { readFile, rm, stat } from 'node:fs/promises'
import { OutsideError } from '../errors.ts'
import { type Gtid, formatGtid } from '../galera/gtid.ts'
import { readIfExists, writeFileAtomic } from '../system/files.ts'
import { cleanEnvironment, type ProcessInfo, processInfo, signalProcess, startDaemon } from '../system/processes.ts'
import { waitFor } from '../system/wait.ts'

export interface ServerFiles {
  readonly config: string
  readonly data: string
  /** Written by mariadbd itself, late in its start. */
  readonly pidFile: string
  /** Written by us at once: pid and kernel start time. */
  readonly processFile: string
  readonly serverLog: string
}

/** A running mariadbd of this gear, started by us or by an earlier agent. */
export interface Server {
  readonly pid: number
  readonly startTime: string
}

export interface LaunchOptions {
  readonly mariadbd: string
  /** null: a fresh datadir. */
  readonly startPosition: Gtid | null
  readonly newCluster: boolean
}

/** Starts mariadbd in a session of its own: it outlives the agent. @throws OutsideError `no-program` */
export async function launchServer(files: ServerFiles, options: LaunchOptions): Promise<Server> {
  const args = [
    `--defaults-file=${files.config}`,
    ...(options.startPosition === null ? [] : [`--wsrep_start_position=${formatGtid(options.startPosition)}`]),
    ...(options.newCluster ? ['--wsrep-new-cluster'] : []),
  ]
  const daemon = await startDaemon(options.mariadbd, args, { logFile: files.serverLog, env: cleanEnvironment(), cwd: files.data })
  const info = await processInfo(daemon.pid)
  const server = { pid: daemon.pid, startTime: info?.startTime ?? '' }
  await writeFileAtomic(files.processFile, `${JSON.stringify(server)}\n`, 0o640)
  return server
}

/** The gear's mariadbd, if one runs: also one that somebody started by hand. */
export async function findServer(files: ServerFiles): Promise<Server | null> {
  for (const pid of [await recordedPid(files.processFile), await writtenPid(files.pidFile)]) {
    const info = pid === null ? null : await processInfo(pid)
    if (info !== null && isOurs(info, files.config)) return { pid: info.pid, startTime: info.startTime }
  }
  return null
}

export async function isRunning(server: Server): Promise<boolean> {
  return (await processInfo(server.pid))?.startTime === server.startTime
}

/**
 * Stops mariadbd: SIGTERM, and SIGKILL when `timeout` (milliseconds) is over.
 * @returns whether it ended by itself
 * @throws OutsideError `unkillable`
 */
export async function stopServer(server: Server, timeout: number): Promise<boolean> {
  const gone = async () => ((await isRunning(server)) ? undefined : true)
  signalProcess(server.pid, 'SIGTERM')
  try {
    return await waitFor('mariadbd ends', gone, { timeout, interval: 20 })
  } catch {
    await killServer(server)
    return false
  }
}

/** SIGKILL, at once. @throws OutsideError `unkillable` */
export async function killServer(server: Server): Promise<void> {
  signalProcess(server.pid, 'SIGKILL')
  try {
    await waitFor('mariadbd ends', async () => ((await isRunning(server)) ? undefined : true), { timeout: 30_000, interval: 20 })
  } catch (cause) {
    throw new OutsideError('unkillable', `mariadbd (pid ${server.pid}) does not end on SIGKILL`, 'It hangs in the kernel, mostly on storage: look at dmesg.', { cause })
  }
}

/** Removes what a dead server left in run/; on a disk that can't be written it stays, and means nothing. */
export async function tidyServerFiles(files: ServerFiles): Promise<void> {
  await Promise.all([files.pidFile, files.processFile].map((path) => rm(path, { force: true }).catch(() => undefined)))
}

/** The last error lines of the server's log since `offset` bytes, newest last. */
export async function lastErrors(log: string, offset: number): Promise<readonly string[]> {
  const text = await readFile(log).then((bytes) => bytes.subarray(offset).toString('utf8'), () => '')
  return text.split('\n').filter((line) => /\[ERROR\]/.test(line)).slice(-4).map((line) => line.slice(0, 300))
}

export async function logSize(log: string): Promise<number> {
  return stat(log).then((info) => info.size, () => 0)
}

function isOurs(info: ProcessInfo, config: string): boolean {
  return info.command.includes(`--defaults-file=${config}`) && !info.command.includes('--wsrep-recover')
}

async function recordedPid(path: string): Promise<number | null> {
  const text = await readIfExists(path)
  const pid = Number(text?.match(/"pid":(\d+)/)?.[1])
  return pid > 0 ? pid : null
}

async function writtenPid(path: string): Promise<number | null> {
  const pid = Number((await readIfExists(path))?.trim())
  return pid > 0 ? pid : null
}
