import type { RowDataPacket } from 'mysql2/promise'
import type { EventFate } from '../galera/cluster-events.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import { began } from '../system/progress.ts'
import type { Access, Stage } from './stage.ts'

/** Seconds; nobody else is on that server. */
const LOCK_WAIT = 60

export interface StoredEvent {
  readonly schema: string
  readonly name: string
  readonly status: string
}

export interface SettledEvents {
  readonly changes: readonly StoredEvent[]
  /** Off by another node's doing; nobody knows whether they were to run. */
  readonly unknown: readonly string[]
}

/**
 * What of the events that were off in the snapshot's node alone is to run: what ran on any node when it was taken (`recorded`; null: by an earlier
 * version, or of a stopped node). What is switched on here is switched off on each node that takes the restored state. Pure.
 */
export function settledEvents(stored: readonly StoredEvent[], recorded: readonly EventFate[] | null): SettledEvents {
  const off = stored.filter(({ status }) => status === 'SLAVESIDE_DISABLED').map((one) => ({ ...one, fate: recorded?.find(({ schema, name }) => schema === one.schema && name === one.name)?.fate ?? 'unknown' }))
  return {
    changes: off.filter(({ fate }) => fate !== 'unknown').map(({ schema, name, fate }) => ({ schema, name, status: fate === 'on' ? 'ENABLED' : 'DISABLED' })),
    unknown: off.filter(({ fate }) => fate === 'unknown').map(({ schema, name }) => `${schema}.${name}`),
  }
}

/** Before a replay, which may switch events on and off. It leaves all else of an event as it was, which ALTER EVENT would not. */
export async function settleEvents({ tell }: Stage, access: Access, recorded: readonly EventFate[] | null): Promise<void> {
  const connection = await openOwnSession(access, LOCK_WAIT)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT db AS `schema`, name, status FROM mysql.event')
    const { changes, unknown } = settledEvents(rows as unknown as readonly StoredEvent[], recorded)
    for (const { schema, name, status } of changes) await connection.query('UPDATE mysql.event SET status = ? WHERE db = ? AND name = ?', [status, schema, name])
    if (unknown.length > 0) tell(began(`the snapshot does not tell whether these events are to run, so they stay off: ${unknown.join(', ')}; see galeractl check once the cluster runs`))
  } finally {
    connection.destroy()
  }
}
