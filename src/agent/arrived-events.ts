import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AGENT_USER } from '../config/secrets.ts'
import { alterEvent, speaking } from '../galera/cluster-events.ts'
import type { GearPaths } from '../gear/gear.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import { agentPassword } from '../mariadb/users.ts'
import { exists, readIfExists, writeFileAtomic } from '../system/files.ts'
import { readEvents } from './cluster-events.ts'
import type { Node } from './node.ts'

/*
 * A state transfer by files brings the donor's mysql.event as it is: what the donor runs would run here too, each time twice [ran: mariabackup and
 * rsync of 10.11.19]. Whether one took place shows a mark, in the datadir and in the gear: mariabackup empties the datadir, rsync brings the donor's.
 */

/** Milliseconds. */
const INTERVAL = 500
/** Seconds. */
const LOCK_WAIT = 10
/** ER_QUERY_INTERRUPTED, deadlock, wsrep not ready: the cluster's own statements go first. */
const TRIES = 5

const markIn = ({ data }: GearPaths) => join(data, 'mysql', 'galeractl-own')
const ownMark = ({ state }: GearPaths) => join(state, 'own-data')

/** Before a launch: the data is this node's own. Without a mark in the gear nothing is concluded from that in the datadir. */
export async function markOwnData({ paths, log }: Node): Promise<void> {
  if (!(await exists(join(paths.data, 'mysql')))) return
  const mark = `${randomUUID()}\n`
  try {
    await writeFileAtomic(markIn(paths), mark, 0o640)
    await writeFileAtomic(ownMark(paths), mark, 0o640)
  } catch (error) {
    await rm(ownMark(paths), { force: true })
    log.warn({ err: error }, 'the data cannot be marked as this node\'s own: events that come with a state transfer are not switched off here')
  }
}

/** Where a state transfer replaced the data since it was marked, what the donor runs is switched off here, and nowhere else. */
export function watchArrivedEvents(node: Node): Disposable {
  let looking = false
  /** Of this server it is settled. */
  let settled = 0
  const look = async () => {
    const { server } = node.state
    if (looking || !node.synced || server === null || server.pid === settled) return
    looking = true
    try {
      const mark = await readIfExists(ownMark(node.paths))
      if (mark !== null && (await readIfExists(markIn(node.paths))) !== mark) {
        await switchOff(node)
        await writeFileAtomic(markIn(node.paths), mark, 0o640)
      }
    } catch (error) {
      node.log.error({ err: error }, 'the events that came with the state transfer cannot be switched off here: they may run twice, see galeractl check')
    } finally {
      settled = server.pid
      looking = false
    }
  }
  const timer = setInterval(() => void look(), INTERVAL)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function switchOff(node: Node): Promise<void> {
  const { events } = await readEvents(node)
  if (events === null) throw new Error('they cannot be read')
  const on = events.filter(({ status }) => status === 'ENABLED')
  if (on.length === 0) return
  const connection = await openOwnSession({ socketPath: node.paths.socket, user: AGENT_USER, password: agentPassword(node.config) }, LOCK_WAIT)
  try {
    await connection.query('SET SESSION wsrep_on = OFF')
    for (const event of on) {
      await connection.query(speaking(event))
      await insisting(() => connection.query(alterEvent(event, 'DISABLE ON SLAVE')))
    }
    node.log.info({ events: on.map(({ schema, name }) => `${schema}.${name}`) }, 'events that came with the state transfer run on the node that ran them before, not here')
  } finally {
    connection.destroy()
  }
}

async function insisting(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work()
      return
    } catch (error) {
      if (tries === TRIES || ![1205, 1213, 1317].includes((error as { errno?: number }).errno ?? 0)) throw error
    }
  }
}
