import { readFile } from 'node:fs/promises'
import { NotYetError, OutsideError, ReportedError } from '../errors.ts'
import { GEAR_VARIABLE } from '../config/settings.ts'
import type { GearPaths } from '../gear/gear.ts'
import { isGearLocked } from '../gear/gear-lock.ts'
import { exists, readIfExists } from '../system/files.ts'
import { awaitFolderLock } from '../system/lock.ts'
import { ownCommand, processInfo, startDaemon } from '../system/processes.ts'
import { waitFor } from '../system/wait.ts'
import { askAgent } from './control-client.ts'

/** Milliseconds. */
const STARTED_WITHIN = 20_000
const ENDED_WITHIN = 5_000
const SOCKET_WITHIN = 3_000

/**
 * Makes sure that the gear's agent runs; it outlives this process. `prepare` runs before one is started, and is over
 * before another start looks at the same ports and files.
 * @throws OutsideError `agent-start` with what the agent said last; RefusedError `locked` while something else works on the stopped gear
 */
export async function ensureAgent(paths: GearPaths, prepare: () => Promise<unknown> = async () => undefined): Promise<void> {
  if (await answers(paths)) return
  await using _turn = await turnToStart(paths)
  if (await answers(paths)) return
  await prepare()
  let { log, ended } = await spawnAgent(paths)
  let locked: ReportedError | null = null
  await waitFor('the agent to answer', async () => {
    if (await answers(paths)) return true
    if (ended.how === null) return undefined
    const error = await agentError(paths.agentLog, log, ended.how)
    if (!(error instanceof ReportedError) || error.code !== 'locked') throw error
    locked = error
    // Who had the lock may be an agent that will answer, or a look at the stopped gear that ends.
    if (await isGearLocked(paths)) return undefined
    locked = null
    ;({ log, ended } = await spawnAgent(paths))
    return undefined
  }, { timeout: STARTED_WITHIN, interval: 10 }).catch((error) => {
    throw error instanceof NotYetError ? (locked ?? error) : error
  })
}

/** Where somebody has removed the socket of an agent that lives, it comes again in a moment. Where none lives, returns at once. */
export async function awaitSocket(paths: GearPaths): Promise<void> {
  const settled = async () => ((await exists(paths.agentSocket)) || !(await isGearLocked(paths)) ? true : undefined)
  await waitFor('the agent\'s socket is there', settled, { timeout: SOCKET_WITHIN, interval: 20 }).catch(() => undefined)
}

/** Only one at a time may look whether a start is possible, and start an agent: each would find the ports taken by the other. */
export async function turnToStart(paths: GearPaths): Promise<AsyncDisposable> {
  return awaitFolderLock(paths.dir, 'another start', STARTED_WITHIN)
}

const answers = async (paths: GearPaths): Promise<boolean> => (await askAgent(paths.agentSocket, 'GET', '/ping')) !== null

/** @returns from where in the log it writes, and how it ended as soon as it has */
async function spawnAgent(paths: GearPaths): Promise<{ readonly log: number; readonly ended: { how: number | string | null } }> {
  const { file, args } = ownCommand()
  const log = await logLength(paths.agentLog)
  const env = { ...(process.env as Record<string, string>), [GEAR_VARIABLE]: paths.dir }
  const daemon = await startDaemon(file, [...args, 'agent', '--json'], { logFile: paths.agentLog, env, cwd: paths.dir })
  const ended: { how: number | string | null } = { how: null }
  void daemon.ended.then((how) => (ended.how = how))
  return { log, ended }
}

/** Returns when the agent that runs now has ended: what a platform removes must have no process left. Not longer than some seconds. */
export async function agentEnding(paths: GearPaths): Promise<() => Promise<void>> {
  const pid = Number(await readIfExists(paths.agentPid))
  const agent = pid > 0 ? await processInfo(pid) : null
  const ended = async () => (agent === null || (await processInfo(pid))?.startTime !== agent.startTime ? true : undefined)
  return async () => void (await waitFor('the agent to end', ended, { timeout: ENDED_WITHIN, interval: 10 }).catch(() => undefined))
}

async function agentError(log: string, from: number, ended: number | string): Promise<Error> {
  const text = await readFile(log).then((bytes) => bytes.subarray(from).toString('utf8'), () => '')
  for (const line of text.trim().split('\n').toReversed()) {
    const error = errorIn(line)
    if (error !== null) return error
  }
  return new OutsideError('agent-start', `the agent ended (${ended}): ${text.trim().split('\n').at(-1) ?? ''}`, `Read ${log}.`)
}

function errorIn(line: string): Error | null {
  try {
    const { error } = JSON.parse(line) as { error?: { code: string; exitCode: number; message: string; hint: string } }
    return error?.code === undefined ? null : new ReportedError(error)
  } catch {
    return null
  }
}

async function logLength(path: string): Promise<number> {
  return readFile(path).then((bytes) => bytes.length, () => 0)
}
