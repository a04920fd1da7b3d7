import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfExists } from '../system/files.ts'
import { processInfo } from '../system/processes.ts'
import { endSession, isOfGear } from './left-running.ts'

/**
 * What MariaDB's scripts of state transfers leave in a datadir when they are killed, and wait for, 30 s, before they give up: a pid
 * file of the script and of each daemon, with the daemon's configuration [ran, 10.11.19, 11.8.3].
 */
const LEFT = {
  'wsrep_sst.pid': ['sst_in_progress'],
  'rsync_sst.pid': ['rsync_sst.conf'],
  'stunnel.pid': ['stunnel.conf'],
} as const

/**
 * Before a launch: ends what an earlier state transfer of this gear has left running, and removes its pid files, whose numbers may
 * be anybody's by now: with one that lives every state transfer to this node would fail.
 * @throws OutsideError `process-unknown`, `file-write`
 */
export async function clearTransferLeftovers(data: string): Promise<void> {
  for (const [file, others] of Object.entries(LEFT)) {
    const text = await readIfExists(join(data, file))
    if (text !== null && (await runsStill(Number(text.trim()), data))) continue
    if (text === null && file !== 'wsrep_sst.pid') continue
    for (const name of [file, ...others]) await rm(join(data, name), { force: true })
  }
}

async function runsStill(pid: number, data: string): Promise<boolean> {
  const info = pid > 0 ? await processInfo(pid) : null
  if (info === null || !isOfGear(info, data)) return false
  await endSession(info.session, data)
  return (await processInfo(pid))?.startTime === info.startTime
}
