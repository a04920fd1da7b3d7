import { expect } from 'vitest'
import type { GaleraPromiseConnection, GaleraPromisePool } from '../../../src/client/index.ts'
import type { Session } from '../../../src/client/session/session.ts'
import type { ClientPlace } from './place.ts'

/** The first of an answer. */
export const row = <Row>([rows]: readonly [unknown, unknown]): Row => (rows as Row[])[0] as Row

/** Tells the n of row 1 that a node has. */
export const nOf = (place: ClientPlace) => (at = 0): number => Number(place.on(at, `SET wsrep_sync_wait=1; SELECT n FROM ${place.account().database}.t WHERE id = 1`))

/** The server ends the connection that was used last, and the client has seen it: what it sends to one that it takes to live may or may not arrive. */
export async function cutOff(place: ClientPlace, connection: GaleraPromiseConnection, at = 0): Promise<void> {
  const { last } = (connection as unknown as { connection: { session: Session } }).connection.session
  place.on(at, `KILL CONNECTION ${connection.threadId}`)
  await expect.poll(() => last?.link.dead, { interval: 5 }).not.toBeNull()
}

export async function inTransaction<Value>(pool: GaleraPromisePool, work: (connection: GaleraPromiseConnection) => Promise<Value>): Promise<Value> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    return await work(connection)
  } finally {
    connection.release()
  }
}
