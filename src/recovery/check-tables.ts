import type { RowDataPacket } from 'mysql2/promise'
import { openOwnSession } from '../mariadb/own-session.ts'
import type { Progress } from '../system/progress.ts'

/** Seconds; nobody else is on that server. */
const LOCK_WAIT = 60

interface Access {
  readonly socketPath: string
  readonly user: string
  readonly password: string
}

/** CHECK TABLE on every base table. @returns what it found wrong, and how many it looked at */
export async function checkTables(access: Access, tell: (progress: Progress) => void): Promise<{ readonly tables: number; readonly wrong: readonly string[] }> {
  const connection = await openOwnSession({ ...access, dateStrings: true }, LOCK_WAIT)
  try {
    const [tables] = await connection.query<RowDataPacket[]>("SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') ORDER BY 1, 2")
    const wrong: string[] = []
    for (const [at, { db, name }] of tables.entries()) {
      tell({ step: `checking table ${at + 1} of ${tables.length}`, done: null, of: null, rate: null, left: null })
      const [found] = await connection.query<RowDataPacket[]>('CHECK TABLE ??.??', [db, name])
      // Engines that can't check say so in a note.
      for (const row of found) if (/^(error|warning)$/i.test(String(row['Msg_type'])) || (row['Msg_type'] === 'status' && !/^(OK|Table is already up to date)$/.test(String(row['Msg_text'])))) wrong.push(`${db}.${name}: ${row['Msg_text']}`)
    }
    return { tables: tables.length, wrong }
  } finally {
    connection.destroy()
  }
}
