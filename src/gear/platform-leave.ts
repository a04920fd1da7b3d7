import { GaleractlError } from '../errors.ts'
import { killServer, findServer, stopServer } from '../mariadb/server.ts'
import { readIfExists } from '../system/files.ts'
import { processInfo, signalProcess } from '../system/processes.ts'
import { type GearPaths, gearServerFiles } from './gear.ts'
import { step } from './platform-step.ts'

/** Milliseconds. */
const GRACE = 60_000

/**
 * Ends everything of a gear that the platform is about to remove, whatever state it is in: the
 * ordinary way, and where its settings or its agent are broken the processes alone.
 * @returns what was done, for people
 */
export async function endGear(paths: GearPaths): Promise<string> {
  try {
    return String((await step(['--gear', paths.dir, 'stop', '--timeout', String(GRACE / 1000)], 2 * GRACE)).said['outcome'])
  } catch (error) {
    if (!(error instanceof GaleractlError)) throw error
    await endAgent(paths)
    const server = await findServer(gearServerFiles(paths))
    if (server !== null && !(await stopServer(server, GRACE))) await killServer(server)
    return `stopped without the agent (${error.message})`
  }
}

async function endAgent(paths: GearPaths): Promise<void> {
  const pid = Number(await readIfExists(paths.agentPid))
  const info = pid > 0 ? await processInfo(pid) : null
  if (info?.command.includes('agent')) signalProcess(pid, 'SIGKILL')
}
