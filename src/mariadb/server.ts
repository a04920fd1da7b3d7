import { open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { NotYetError, OutsideError } from '../errors.ts'
import { type Gtid, formatGtid } from '../galera/gtid.ts'
import type { Launch } from '../galera/observation.ts'
import { exists, readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import { findProcesses } from '../system/find-processes.ts'
import { cleanEnvironment, processInfo, processSession, signalProcess, startDaemon, UnknownProcessError } from '../system/processes.ts'
import { waitFor } from '../system/wait.ts'
import { unmarkEmpty } from './empty-datadir.ts'
import { endSession } from './left-running.ts'
import { isServerOf, servesData } from './serving.ts'
import { clearTransferLeftovers } from './transfer-leftovers.ts'

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
  /** Options that win over those of conf.d. */
  readonly overrides: readonly string[]
}

/** Starts mariadbd in a session of its own: it outlives the agent. @throws OutsideError `no-program` */
export async function launchServer(files: ServerFiles, options: LaunchOptions): Promise<Server> {
  const args = [
    `--defaults-file=${files.config}`,
    ...(options.startPosition === null ? [] : [`--wsrep_start_position=${formatGtid(options.startPosition)}`]),
    ...(options.launch === 'bootstrap' ? ['--wsrep-new-cluster'] : []),
    ...options.overrides,
  ]
  await clearTransferLeftovers(files.data)
  await unmarkEmpty(files.data)
  const daemon = await startDaemon(options.mariadbd, args, { logFile: files.serverLog, env: cleanEnvironment(), cwd: files.data })
  const info = await processInfo(daemon.pid)
  const server = { pid: daemon.pid, startTime: info?.startTime ?? '', launch: options.launch }
  // It runs, also where run/ cannot be written: then it is found by its process.
  await recordServer(files, server).catch(() => undefined)
  return server
}

/** What it was launched for says nothing any more: whoever takes the server over must not go by it. */
export async function settleLaunch(files: ServerFiles, server: Server): Promise<void> {
  const recorded = await recordedServer(files.processFile)
  if (recorded?.pid !== server.pid || recorded.startTime !== server.startTime) return
  await recordServer(files, { ...server, launch: null })
}

export async function recordServer({ processFile }: ServerFiles, { pid, startTime, launch }: Server): Promise<void> {
  await writeFileAtomic(processFile, `${JSON.stringify({ pid, startTime, launch })}\n`, 0o640)
}

/**
 * The gear's mariadbd, if one runs: also one that somebody started by hand, or whose files in run/ are gone.
 * @throws OutsideError `process-unknown`, `file-write` where that cannot be told
 */
export async function findServer(files: ServerFiles): Promise<Server | null> {
  const recorded = await recordedServer(files.processFile)
  const named = [recorded?.pid ?? null, await writtenPid(files.pidFile)].filter((pid) => pid !== null)
  return (await firstOurs(named, files, recorded)) ?? (await firstOurs(findProcesses(isServerOf(files), dirname(files.data)), files, recorded))
}

async function firstOurs(pids: readonly number[], files: ServerFiles, recorded: Server | null): Promise<Server | null> {
  for (const pid of pids) {
    const info = await processInfo(pid)
    if (info === null || !servesData(info.command, files)) continue
    return { pid, startTime: info.startTime, launch: recorded?.startTime === info.startTime ? recorded.launch : null }
  }
  return null
}

/** Whether it has not ended as far as can be told: an unknown is no death. */
export async function isRunning(server: Server): Promise<boolean> {
  return isSame(server).catch((error: unknown) => {
    if (error instanceof UnknownProcessError) return true
    throw error
  })
}

/** @throws UnknownProcessError */
async function isSame({ pid, startTime }: Server): Promise<boolean> {
  return (await processInfo(pid))?.startTime === startTime
}

/**
 * Stops mariadbd: SIGTERM, and SIGKILL when `timeout` (milliseconds) is over; not where `signal` comes first, which it throws.
 * @returns whether it ended by itself
 * @throws OutsideError `unkillable`, `process-unknown`
 */
export async function stopServer(server: Server, timeout: number, signal?: AbortSignal): Promise<boolean> {
  const gone = async () => ((await isRunning(server)) ? undefined : true)
  if (!(await isSame(server))) return true
  signalProcess(server.pid, 'SIGTERM')
  return endsOrIsKilled(server, gone, timeout, signal)
}

async function endsOrIsKilled(server: Server, look: () => Promise<boolean | undefined>, timeout: number, signal?: AbortSignal): Promise<boolean> {
  try {
    return await waitFor('mariadbd to end', look, { timeout, interval: 20, ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (!(error instanceof NotYetError)) throw error
    await killServer(server)
    return false
  }
}

/** Members of a group see at once that a server left it, but its process may go on for as long as a donor sends, milliseconds. */
const AFTER_LEAVING = 2_000

/**
 * Stops a server that has not its state yet. While a script brings the state mariadbd heeds no SIGTERM, and one that is killed
 * stays a member with a vote until it is suspected. With its scripts killed it leaves in order, within 0.2 s [ran].
 * @returns whether it ended by itself
 * @throws OutsideError `unkillable`, `process-unknown`
 */
export async function stopJoiner(server: Server, files: ServerFiles, timeout: number, signal?: AbortSignal): Promise<boolean> {
  if (!(await isSame(server))) return true
  let helpersAt = await endHelpers(server)
  signalProcess(server.pid, 'SIGTERM')
  let leftAt: number | null = null
  const look = async () => {
    if (!(await isRunning(server))) return true
    // It may have begun another script meanwhile.
    if (performance.now() - helpersAt >= HELPERS_INTERVAL) helpersAt = await endHelpers(server)
    // Galera removes it when it has left its group; before it was in one there is none either.
    leftAt = (await exists(join(files.data, 'gvwstate.dat'))) ? null : (leftAt ?? performance.now())
    return leftAt !== null && performance.now() - leftAt > AFTER_LEAVING ? killServer(server).then(() => false) : undefined
  }
  return endsOrIsKilled(server, look, timeout, signal)
}

/** Between two looks for scripts beside a joiner that is to end, milliseconds. */
const HELPERS_INTERVAL = 100

/** @returns when it was done */
async function endHelpers(server: Server): Promise<number> {
  const others = (await processSession(server.pid)).filter(({ pid }) => pid !== server.pid)
  for (const { pid } of others) signalProcess(pid, 'SIGKILL')
  return performance.now()
}

/** SIGKILL, at once; nobody is killed whose number may be another's. @throws OutsideError `unkillable`, `process-unknown` */
export async function killServer(server: Server): Promise<void> {
  if (!(await isSame(server))) return
  signalProcess(server.pid, 'SIGKILL')
  try {
    await waitFor('mariadbd to end', async () => ((await isRunning(server)) ? undefined : true), { timeout: 30_000, interval: 20 })
  } catch (cause) {
    throw new OutsideError('unkillable', `mariadbd (pid ${server.pid}) does not end on SIGKILL`, 'It hangs in the kernel, mostly on storage: look at dmesg.', { cause })
  }
}

/**
 * Ends what a dead server has left running, as a state transfer that holds its port, and removes what it left in
 * run/; on a disk that can't be written that stays, and means nothing. Where it cannot be told whether the server is dead, all stays.
 */
export async function clearDeadServer(files: ServerFiles): Promise<void> {
  try {
    if ((await findServer(files)) !== null) return
    const recorded = await recordedServer(files.processFile)
    if (recorded !== null) await endSession(recorded.pid, files.data)
  } catch (error) {
    if (error instanceof OutsideError) return
    throw error
  }
  await Promise.all([files.pidFile, files.processFile].map((path) => rm(path, { force: true }).catch(() => undefined)))
}

/** What a log says from `offset` bytes on, at most its last `MOST_LOG_BYTES`; '' where it cannot be read. */
export const logSince = (log: string, offset: number): Promise<string> => readEnd(log, offset).catch(() => '')

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

/** @throws OutsideError `file-write` where there is a record that cannot be read */
async function recordedServer(path: string): Promise<Server | null> {
  return parseAs(recordSchema, await readIfExists(path))
}

/** @throws OutsideError `file-write` */
async function writtenPid(path: string): Promise<number | null> {
  const pid = Number((await readIfExists(path))?.trim())
  return pid > 0 ? pid : null
}
