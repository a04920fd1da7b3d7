import { open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { OutsideError } from '../errors.ts'
import { type Gtid, formatGtid } from '../galera/gtid.ts'
import type { Launch } from '../galera/observation.ts'
import { readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import { cleanEnvironment, type ProcessInfo, processSession, processInfo, signalProcess, startDaemon } from '../system/processes.ts'
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
  /** What it was launched for, where we launched it. */
  readonly launch: Launch | null
}

/** Logs may be larger than memory. */
const MOST_LOG_BYTES = 1024 * 1024

const recordSchema = z.object({ pid: z.int().positive(), startTime: z.string(), launch: z.enum(['join', 'reform', 'bootstrap']).nullable().default(null) })

export interface LaunchOptions {
  readonly launch: Launch
  readonly mariadbd: string
  /** null: a fresh datadir. */
  readonly startPosition: Gtid | null
}

/** Starts mariadbd in a session of its own: it outlives the agent. @throws OutsideError `no-program` */
export async function launchServer(files: ServerFiles, options: LaunchOptions): Promise<Server> {
  const args = [
    `--defaults-file=${files.config}`,
    ...(options.startPosition === null ? [] : [`--wsrep_start_position=${formatGtid(options.startPosition)}`]),
    ...(options.launch === 'bootstrap' ? ['--wsrep-new-cluster'] : []),
  ]
  const daemon = await startDaemon(options.mariadbd, args, { logFile: files.serverLog, env: cleanEnvironment(), cwd: files.data })
  const info = await processInfo(daemon.pid)
  const server = { pid: daemon.pid, startTime: info?.startTime ?? '', launch: options.launch }
  await writeFileAtomic(files.processFile, `${JSON.stringify(server)}\n`, 0o640)
  return server
}

/** The gear's mariadbd, if one runs: also one that somebody started by hand. */
export async function findServer(files: ServerFiles): Promise<Server | null> {
  const recorded = await recordedServer(files.processFile)
  for (const pid of [recorded?.pid ?? null, await writtenPid(files.pidFile)]) {
    const info = pid === null ? null : await processInfo(pid)
    if (info === null || !isOurs(info, files.config)) continue
    return { pid: info.pid, startTime: info.startTime, launch: recorded?.startTime === info.startTime ? recorded.launch : null }
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
    return await waitFor('mariadbd to end', gone, { timeout, interval: 20 })
  } catch {
    await killServer(server)
    return false
  }
}

/** SIGKILL, at once. @throws OutsideError `unkillable` */
export async function killServer(server: Server): Promise<void> {
  signalProcess(server.pid, 'SIGKILL')
  try {
    await waitFor('mariadbd to end', async () => ((await isRunning(server)) ? undefined : true), { timeout: 30_000, interval: 20 })
  } catch (cause) {
    throw new OutsideError('unkillable', `mariadbd (pid ${server.pid}) does not end on SIGKILL`, 'It hangs in the kernel, mostly on storage: look at dmesg.', { cause })
  }
}

/**
 * Ends what a dead server has left running, as a state transfer that holds its port, and removes what it left in
 * run/; on a disk that can't be written that stays, and means nothing.
 */
export async function clearDeadServer(files: ServerFiles): Promise<void> {
  const recorded = await recordedServer(files.processFile)
  if (recorded !== null && (await isRunning(recorded))) return
  // mariadbd led a session (its scripts have process groups of their own); after a reboot the number may be another's, so a member must be of this gear.
  if (recorded !== null && (await processInfo(recorded.pid)) === null) {
    const left = () => processSession(recorded.pid)
    // Its folder may have been moved aside meanwhile.
    if ((await left()).some(({ command, folder }) => folder.startsWith(`${dirname(files.data)}/`) || command.some((word) => word.includes(`${files.data}/`)))) {
      await waitFor('what mariadbd left to end', async () => {
        const rest = await left()
        for (const { pid } of rest) signalProcess(pid, 'SIGKILL')
        return rest.length === 0 ? true : undefined
      }, { timeout: 5_000, interval: 10 }).catch(() => undefined)
    }
  }
  await Promise.all([files.pidFile, files.processFile].map((path) => rm(path, { force: true }).catch(() => undefined)))
}

/** The last error lines of the server's log since `offset` bytes, newest last. */
export async function lastErrors(log: string, offset: number): Promise<readonly string[]> {
  const text = await readEnd(log, offset).catch(() => '')
  return text.split('\n').filter((line) => /\[ERROR\]/.test(line)).slice(-4).map((line) => line.slice(0, 300))
}

/** The file from `offset` on, at most its last `MOST_LOG_BYTES`. */
async function readEnd(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const from = Math.max(offset > size ? 0 : offset, size - MOST_LOG_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

export async function logSize(log: string): Promise<number> {
  return stat(log).then((info) => info.size, () => 0)
}

function isOurs(info: ProcessInfo, config: string): boolean {
  return info.command.includes(`--defaults-file=${config}`) && !info.command.includes('--wsrep-recover')
}

async function recordedServer(path: string): Promise<Server | null> {
  return parseAs(recordSchema, await readIfExists(path).catch(() => null))
}

async function writtenPid(path: string): Promise<number | null> {
  const pid = Number((await readIfExists(path))?.trim())
  return pid > 0 ? pid : null
}
