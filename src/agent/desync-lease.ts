import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { RefusedError } from '../errors.ts'
import { isSynced } from '../galera/node-status.ts'
import { permitSnapshot } from '../galera/snapshot-permit.ts'
import type { Handle } from '../galera/cycle/state.ts'
import { isRunning } from '../mariadb/server.ts'
import { readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import { within } from '../system/wait.ts'
import type { Lease } from './lease.ts'
import { lookNow } from './look.ts'
import type { Node } from './node.ts'

/** Between two tries to sync again, milliseconds. */
const RETRY_INTERVAL = 1_000

/** Between two looks whether the server still runs, milliseconds. */
const SERVER_INTERVAL = 250

/** How long it may take until peers are told that the node is desynced, milliseconds. */
const LONGEST_TOLD = 5_000

const recordSchema = z.object({ pid: z.int().positive(), startTime: z.string() })

const recordPath = (node: Node) => join(node.paths.state, 'desynced.json')

/**
 * Desyncs the node for the time of a snapshot, where that harms nobody. That it did is on disk first: whichever agent is next syncs it again.
 * @throws RefusedError with the rule that does not allow it
 */
export async function leaseDesync(node: Node, lastWriter: boolean): Promise<Lease> {
  const first = await consider(node, node.leases.current, lastWriter)
  // In the same turn: of two that ask at the same moment one gets it.
  if (node.leases.current !== null) throw new RefusedError('snapshot-here', 'another snapshot runs on this node', 'Wait for it to end; see galeractl status.')
  const { leases } = node
  const { server } = node.state
  const since = new Date().toISOString()
  const lease = (reason: string, undo: () => Promise<void>): Lease => {
    let ended: Promise<void> | null = null
    return { since, reason, serverEnded: (signal) => goneServer(server, signal), end: () => (ended ??= undo().finally(() => (leases.current = null))) }
  }
  leases.current = lease(first.reason, async () => undefined)
  try {
    if (first.permit === 'as-it-is') return leases.current
    leases.current = lease(first.reason, () => syncAgain(node, server))
    await writeFileAtomic(recordPath(node), `${JSON.stringify(server)}\n`, 0o640)
    await node.session.query('SET GLOBAL wsrep_desync = ON')
    node.log.info('the node is desynced for a snapshot')
    await tellDesynced(node)
    // Two nodes may have begun at the same moment: with nobody left that is Synced each gives way.
    await consider(node, null, false, true)
    return leases.current
  } catch (error) {
    await leases.current.end()
    throw error
  }
}

/** From here on peers hear that this node is not Synced: who asks for a snapshot elsewhere at the next moment must know. */
async function tellDesynced({ loop }: Node): Promise<void> {
  loop.give({ in: 'nudge' })
  await within(loop.until(({ status }) => status === null || !isSynced(status)), LONGEST_TOLD, loop.signal).catch(() => undefined)
}

async function consider(node: Node, running: Lease | null, lastWriter: boolean, desynced = false) {
  const busy = running === null ? null : `another snapshot (since ${running.since})`
  const { report: own } = await lookNow(node)
  const peers = await node.ask()
  const self = own.kind === 'down' ? null : desynced ? { ...own, synced: true } : own
  const permit = permitSnapshot({ self, peers, busy, lastWriter })
  if (permit.permit === 'no') throw new RefusedError(permit.rule, `the snapshot cannot start: ${permit.reason}`, permit.hint)
  return permit
}

async function goneServer(server: Handle | null, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (server === null || !(await isRunning(server))) return
    await delay(SERVER_INTERVAL, undefined, { signal }).catch(() => undefined)
  }
}

/** Until it is done, or the server that was desynced is gone: another starts synced. */
async function syncAgain(node: Node, server: Handle | null): Promise<void> {
  if (server !== null) while (!(await isSyncedOrGone(node, server))) await delay(RETRY_INTERVAL)
  await rm(recordPath(node), { force: true })
}

async function isSyncedOrGone(node: Node, server: Handle): Promise<boolean> {
  if (!(await isRunning(server))) return true
  try {
    await node.session.query('SET GLOBAL wsrep_desync = OFF')
    node.log.info('the node is synced again after a snapshot')
    return true
  } catch (error) {
    node.log.error({ err: error }, 'the node can not be synced again yet')
    return false
  }
}

/** What an agent that was killed left desynced is synced again. */
export async function endLeftLease(node: Node): Promise<void> {
  const text = await readIfExists(recordPath(node))
  if (text === null) return
  await node.loop.until(({ server, datadir }) => server !== null || datadir !== null)
  if (node.loop.signal.aborted) return
  const record = parseAs(recordSchema, text)
  const { server } = node.state
  const same = server !== null && record !== null && record.pid === server.pid && record.startTime === server.startTime
  if (same) node.log.warn('an agent that ended left the node desynced for a snapshot: it is synced again')
  await syncAgain(node, same ? server : null)
}
