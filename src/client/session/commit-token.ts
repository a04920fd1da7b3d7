import { randomBytes } from 'node:crypto'
import { UnknownOutcomeError } from '../errors.ts'
import { failureOf, isEndOfWait } from '../failure.ts'
import type { Cluster } from '../nodes/cluster.ts'
import type { Link } from '../nodes/link.ts'
import type { Node } from '../nodes/node.ts'
import { untilReady } from './backoff.ts'

/**
 * A row that is committed with a transaction and so tells whether it was. After a lost COMMIT the same key is inserted as a tombstone: if the key is
 * there, it was committed; if not, it never can be, since both can't pass certification. Merely to look for it would be wrong while the COMMIT still
 * runs [ran: 1200 connections cut around COMMIT, none wrong]. Tokens begin with the time, so that they are added at the end of the table and removed
 * from its beginning without another index.
 */
export const TOKEN_TABLE = (table: string): string => `CREATE TABLE IF NOT EXISTS ${table} (token BINARY(16) NOT NULL PRIMARY KEY, tombstone BINARY(16) NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB`

/** Old ones by the server's clock too, whatever this host's says. */
export function purgeTokens(table: string, hours: number): string {
  const whole = Math.max(1, Math.round(hours))
  return `DELETE FROM ${table} WHERE token < x'${timeBytes(Date.now() - whole * 3_600_000).toString('hex')}' AND at < SYSDATE() - INTERVAL ${whole} HOUR LIMIT 1000`
}

/** Milliseconds since 1970 in 6 bytes, and 80 bits of chance. */
export const newToken = (): Buffer => Buffer.concat([timeBytes(Date.now()), randomBytes(10)])

function timeBytes(time: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(Math.max(0, time), 0, 6)
  return bytes
}

/** As text: to prepare it would cost a round trip on each new connection, and to execute it no less [ran]. With the time of the server, whatever the session takes it to be: old tokens are removed. */
export const insertToken = (table: string, token: Buffer) => `INSERT INTO ${table} (token, at) VALUES (x'${token.toString('hex')}', SYSDATE())`

/**
 * The node that has the transaction with this token; null: it was not committed, and never will be. Rejects with UnknownOutcomeError where no node tells before `deadline` (performance.now).
 */
export async function committedOn(cluster: Cluster, table: string, token: Buffer, deadline: number): Promise<Node | null> {
  const tombstone = randomBytes(16)
  for (let attempt = 0; ; attempt++) {
    try {
      const { node, link } = await cluster.take('write', deadline)
      try {
        return (await isThere(link, table, token, tombstone)) ? node : null
      } catch (error) {
        cluster.heard(node, error)
        throw error
      } finally {
        node.release(link)
      }
    } catch (error) {
      const failure = failureOf(error)
      const busy = failure === 'conflict' || isEndOfWait(error)
      if ((failure === 'statement' && !busy) || performance.now() >= deadline) throw new UnknownOutcomeError('COMMIT', error)
      await untilReady(attempt)
    }
  }
}

async function isThere(link: Link, table: string, token: Buffer, tombstone: Buffer): Promise<boolean> {
  try {
    await link.rows(`INSERT INTO ${table} (token, tombstone) VALUES (?, ?)`, [token, tombstone])
    return false
  } catch (error) {
    // ER_DUP_ENTRY
    if ((error as { errno?: number }).errno !== 1062) throw error
  }
  // The answer to an earlier tombstone of ours may have been lost.
  const [row] = await link.rows(`SELECT tombstone FROM ${table} WHERE token = ?`, [token])
  if (row === undefined) throw Object.assign(new Error('the token is there, but is not seen yet'), { errno: 1205, sqlState: 'HY000' })
  return row['tombstone'] === null
}
