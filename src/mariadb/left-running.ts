import { dirname } from 'node:path'
import { type ProcessInfo, processInfo, processSession, signalProcess } from '../system/processes.ts'
import { waitFor } from '../system/wait.ts'

/**
 * Ends what a dead mariadbd has left running. It led a session (its scripts have process groups of their own); after a reboot the
 * number may be another's, so a member must be of this gear.
 * @throws UnknownProcessError
 */
export async function endSession(leader: number, data: string): Promise<void> {
  if ((await processInfo(leader)) !== null) return
  const left = () => processSession(leader)
  if (!(await left()).some((info) => isOfGear(info, data))) return
  await waitFor('what mariadbd left ends', async () => {
    const rest = await left()
    for (const { pid } of rest) signalProcess(pid, 'SIGKILL')
    return rest.length === 0 ? true : undefined
  }, { timeout: 5_000, interval: 10 }).catch(() => undefined)
}

/** Its folder may have been moved aside meanwhile. */
export function isOfGear({ command, folder }: ProcessInfo, data: string): boolean {
  return folder.startsWith(`${dirname(data)}/`) || command.some((word) => word.includes(`${data}/`))
}
