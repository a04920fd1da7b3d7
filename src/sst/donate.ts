import { OutsideError, UsageError } from '../errors.ts'
import { hostPort } from '../galera/endpoint.ts'
import type { SstRequest } from './arguments.ts'
import { text } from './catalog.ts'
import { endLeftovers, prepareJoiner, requireJoiner, setPosition } from './joiner-settings.ts'
import type { Lane } from './lanes.ts'
import { pauseDonor } from './pause-donor.ts'
import { Progress, type SstProgress } from './progress.ts'
import { type Access, openDonor, openJoiner, type Place } from './sessions.ts'
import { within } from '../system/wait.ts'
import { watchSilence } from './silence.ts'
import { transferState } from './transfer.ts'
import type { Wire } from './wire.ts'

const RESTORE_WITHIN = 3_000

/** Milliseconds between two reports. */
const REPORT_INTERVAL = 1_000

/** Counters that move while the joiner works, and not by being looked at. Not the donor's: its applications and its agent move those. */
const WORK = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_inserted', 'Innodb_data_written', 'Innodb_data_read', 'Innodb_buffer_pool_write_requests', 'Aria_pagecache_write_requests', 'Key_write_requests')"

export interface DonateOptions {
  readonly request: SstRequest
  readonly joiner: Place
  readonly access: Access
  /** Sessions on either side that carry rows. */
  readonly lanes: number
  /** Milliseconds without a sign of life. */
  readonly silence: number
  readonly tell: (progress: SstProgress) => void
  readonly warn: (text: string) => void
}

/**
 * The donor's side of a state transfer over SQL, from the first connection to the joiner's new position.
 * @returns the request as it was fulfilled: a donor that goes on has another position when it stands still
 * @throws UsageError `sst-access`; OutsideError `sst-unreachable`, `sst-donor-lock`, `sst-silent`, `sst-failed`
 */
export async function donate({ request: asked, joiner, access, lanes: count, silence, tell, warn }: DonateOptions): Promise<SstRequest> {
  await using opened = new AsyncDisposableStack()
  const open = async (side: 'donor' | 'joiner') => opened.use(await (side === 'donor' ? openDonor({ socketPath: asked.socket }, access) : openJoiner(joiner, access)).catch((error) => {
    throw refusal(error, side, asked, access)
  }))
  const first: Lane = { joiner: await open('joiner'), donor: await open('donor') }
  await within(requireJoiner(first.donor, first.joiner), silence)
  if (asked.bypass) {
    await within(setPosition(first.joiner, asked), silence)
    return asked
  }
  const request = await pauseDonor(first.donor, asked, silence)

  await within(endLeftovers(first.joiner), silence)
  const progress = new Progress(() => performance.now())
  const lanes: [Lane, ...Lane[]] = [first]
  for (let more = 1; more < count; more++) lanes.push({ donor: await open('donor'), joiner: await open('joiner') })
  const watcher = await open('joiner')
  const restore = await within(prepareJoiner(first.joiner), silence)
  const over = new AbortController()
  const clock = setInterval(() => tell({ ...progress.look(), joiner: hostPort(request.host, request.port) }), REPORT_INTERVAL)
  try {
    const work = transferState(request, lanes, restore, progress)
    const silent = watchSilence({ signs: [async () => String(progress.look().bytes), () => workOf(watcher)], silence, signal: over.signal }).then(() => work)
    for (const text of await Promise.race([work, silent])) warn(text)
    return request
  } catch (error) {
    // mariadbd tries again: what the next attempt finds set must be the joiner's own.
    await within(restoreAnew(joiner, access, restore), RESTORE_WITHIN).catch(() => undefined)
    if (error instanceof OutsideError) throw error
    throw new OutsideError('sst-failed', `the state transfer to ${request.host}:${request.port} failed at: ${progress.look().stage}: ${(error as Error).message}`, 'The joiner keeps asking for a state transfer; its log and this one tell what to mend.', { cause: error })
  } finally {
    over.abort()
    clearInterval(clock)
  }
}

/** Over a session of its own, which ends also where it opens only after nobody waits for it any more: it would keep this process. */
async function restoreAnew(joiner: Place, access: Access, restore: (session: Wire) => Promise<void>): Promise<void> {
  using wire = await openJoiner(joiner, access)
  await within(restore(wire), RESTORE_WITHIN)
}

async function workOf(wire: Wire): Promise<string> {
  return (await wire.rows(WORK)).map((row) => row.map(text).join('=')).join()
}

/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_ACCOUNT_HAS_BEEN_LOCKED. */
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1698, 4151])

function refusal(error: Error & { errno?: number; code?: string }, side: 'donor' | 'joiner', { host, port, socket }: SstRequest, { user }: Access): Error {
  const where = side === 'joiner' ? `the joiner at ${host}:${port}` : `the donor at ${socket}`
  if (error.errno !== undefined && DENIED.has(error.errno)) return new UsageError('sst-access', `${where} refuses the state transfer's user ${user}: ${error.message}`, 'Both need the same user and password: see galeractl sst-account, which prints the SQL that makes it.', { cause: error })
  return new OutsideError('sst-unreachable', `${where} cannot be used for a state transfer: ${error.message}`, 'Look whether mariadbd serves SQL there, and at certificates where TLS is on.', { cause: error })
}
