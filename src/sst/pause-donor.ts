import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { readIfExists } from '../system/files.ts'
import { printJson } from '../system/screen.ts'
import { waitFor } from '../system/wait.ts'
import type { SstRequest } from './arguments.ts'
import { text } from './catalog.ts'
import { READ_VIEW } from './sessions.ts'
import type { Wire } from './wire.ts'

/** The server writes its position there when it is locked, in its datadir; and the other where that failed. Source: wsrep_sst_rsync of 11.8. */
const FLUSHED = 'tables_flushed'
const FAILED = 'sst_error'

/** Milliseconds. */
const LOOK_INTERVAL = 20

/** Whether mariadbd goes on while this script runs: from 11.6 on, where it waits for the script's last line in a thread beside. Pure. */
export function goesOn(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return major > 11 || (major === 11 && minor >= 6)
}

/** `UUID:SEQNO DOMAIN`, as it stands in that file; null: it is not whole yet. Pure. */
export function parseFlushed(content: string): Pick<SstRequest, 'gtid' | 'gtidDomainId'> | null {
  const match = /^([0-9a-f-]{36}:-?\d+)(?: (\d+))?\s*\n/i.exec(content)
  return match === null ? null : { gtid: match[1] ?? '', gtidDomainId: match[2] === undefined ? null : Number(match[2]) }
}

/**
 * The donor stands still from here on, until this process ends. Up to 11.5 it does anyway; later ones are asked to on stdout, as by the script of rsync: their
 * stock script for mysqldump does not, and definitions change while it reads [ran: 11.8.9].
 * @returns the request with the position of that moment
 * @throws OutsideError `sst-donor-lock`; NotYetError `timeout`
 */
export async function pauseDonor(donor: Wire, request: SstRequest, timeout: number): Promise<SstRequest> {
  const [[version, datadir] = []] = await donor.rows('SELECT VERSION(), @@GLOBAL.datadir')
  if (!goesOn(text(version))) return request
  const file = (name: string) => join(text(datadir), name)
  await donor.execute('COMMIT')
  for (const name of [FLUSHED, FAILED]) await rm(file(name), { force: true })
  printJson('flush tables')
  const flushed = await waitFor('the donor to lock its tables', async () => {
    if ((await readIfExists(file(FAILED))) !== null) throw new OutsideError('sst-donor-lock', 'the donor could not lock its tables', 'Read the donor\'s log; a long statement may hold its tables: see SHOW FULL PROCESSLIST there.')
    return parseFlushed((await readIfExists(file(FLUSHED))) ?? '') ?? undefined
  }, { timeout, interval: LOOK_INTERVAL })
  await rm(file(FLUSHED), { force: true })
  await donor.execute(READ_VIEW)
  return { ...request, gtid: flushed.gtid, gtidDomainId: flushed.gtidDomainId ?? request.gtidDomainId }
}
