import { readFile } from 'node:fs/promises'
import { OutsideError, ReportedError } from '../errors.ts'
import { GEAR_VARIABLE } from '../config/settings.ts'
import type { GearPaths } from '../gear/gear.ts'
import { readIfExists } from '../system/files.ts'
import { ownCommand, processInfo, startDaemon } from '../system/processes.ts'
import { waitFor } from '../system/wait.ts'
import { askAgent } from './control-client.ts'

/** Milliseconds. */
const STARTED_WITHIN = 20_000
const ENDED_WITHIN = 5_000

/**
 * Makes sure that the gear's agent runs; it outlives this process.
 * @throws OutsideError `agent-start` with what the agent said last
 */
export async function ensureAgent(paths: GearPaths): Promise<void> {
  if ((await askAgent(paths.agentSocket, 'GET', '/ping')) !== null) return
  const { file, args } = ownCommand()
  const before = await logLength(paths.agentLog)
  const env = { ...(process.env as Record<string, string>), [GEAR_VARIABLE]: paths.dir }
  const daemon = await startDaemon(file, [...args, 'agent', '--json'], { logFile: paths.agentLog, env, cwd: paths.dir })
  let ended: number | string | undefined
  void daemon.ended.then((how) => (ended = how))
  await waitFor('the agent answers', async () => {
    if ((await askAgent(paths.agentSocket, 'GET', '/ping')) !== null) return true
    if (ended === undefined) return undefined
    const error = await agentError(paths.agentLog, before, ended)
    // Another start was quicker: its agent will answer.
    if (error instanceof ReportedError && error.code === 'locked') return undefined
    throw error
  }, { timeout: STARTED_WITHIN, interval: 10 })
}

/** Returns when the agent that runs now has ended: what a platform removes must have no process left. Not longer than some seconds. */
export async function agentEnding(paths: GearPaths): Promise<() => Promise<void>> {
  const pid = Number(await readIfExists(paths.agentPid))
  const agent = pid > 0 ? await processInfo(pid) : null
  const ended = async () => (agent === null || (await processInfo(pid))?.startTime !== agent.startTime ? true : undefined)
  return async () => void (await waitFor('the agent ends', ended, { timeout: ENDED_WITHIN, interval: 10 }).catch(() => undefined))
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
