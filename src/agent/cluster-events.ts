import * as z from 'zod'
import { BACKUP_USER } from '../config/secrets.ts'
import type { ClusterEvent, NodeEvents } from '../galera/cluster-events.ts'
import { peerLabel } from '../galera/endpoint.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import { backupPassword } from '../mariadb/users.ts'
import { sendMessage } from '../peers/message.ts'
import { within } from '../system/wait.ts'
import type { Node } from './node.ts'

export const EVENTS_PATH = '/v1/events'

/** An answer with more would be too long. */
const MOST = 500

/** Milliseconds. */
const READ_WITHIN = 10_000
const ANSWERED_WITHIN = 15_000
/** Seconds. */
const LOCK_WAIT = 5

const statusSchema = z.enum(['ENABLED', 'DISABLED', 'SLAVESIDE_DISABLED'])
const eventSchema = z.object({ schema: z.string(), name: z.string(), status: statusSchema, definer: z.string(), charset: z.string(), collation: z.string() })
const replySchema = z.object({ events: z.array(eventSchema).nullable(), scheduler: z.string().max(20) })

export type EventsReply = z.infer<typeof replySchema>

/** This server's events. Read by the user of backups, who sees them all in clusters of every version; null where they cannot be read. */
export async function readEvents(node: Node): Promise<EventsReply> {
  try {
    const connection = await openOwnSession({ socketPath: node.paths.socket, user: BACKUP_USER, password: backupPassword(node.config), connectTimeout: READ_WITHIN }, LOCK_WAIT)
    try {
      const [rows] = await within(connection.query({ sql: `SELECT EVENT_SCHEMA, EVENT_NAME, STATUS, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, @@event_scheduler FROM information_schema.EVENTS RIGHT JOIN (SELECT 1) AS one ON TRUE ORDER BY 1, 2 LIMIT ${MOST}`, rowsAsArray: true }), READ_WITHIN)
      const all = rows as (string | null)[][]
      const events = all.filter(([schema]) => schema !== null).map(([schema, name, status, definer, charset, collation]): ClusterEvent => ({ schema: schema ?? '', name: name ?? '', status: statusSchema.parse(status), definer: definer ?? '', charset: charset ?? '', collation: collation ?? '' }))
      return { events, scheduler: all[0]?.[6] ?? '' }
    } finally {
      connection.destroy()
    }
  } catch (error) {
    node.log.warn({ err: error }, 'the events of this server cannot be read')
    return { events: null, scheduler: '' }
  }
}

/** Those of all nodes, this one first. */
export async function clusterEvents(node: Node): Promise<readonly NodeEvents[]> {
  const others = node.others.map(async (peer): Promise<NodeEvents> => {
    const delivery = await sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'GET', EVENTS_PATH, undefined, { key: node.key, timeout: ANSWERED_WITHIN })
    const reply = delivery.ok ? replySchema.safeParse(delivery.body) : null
    return { name: peerLabel(peer), ...(reply?.success ? reply.data : { events: null, scheduler: '' }) }
  })
  const [own, ...theirs] = await Promise.all([readEvents(node).then((reply) => ({ name: node.config.name, ...reply })), ...others])
  return own === undefined ? theirs : [own, ...theirs]
}
