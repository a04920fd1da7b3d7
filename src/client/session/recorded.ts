import type { QueryOptions } from 'mysql2'
import type { SqlError } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { Answer, Link, Work } from '../nodes/link.ts'
import type { Statement } from '../sql/statement.ts'
import { digestOf } from './digest.ts'
import { type Entry, type History, keptValues } from './history.ts'

/** As text, for our own. */
export const text = (sql: string): Work => ({ protocol: 'query', options: { sql } })

/** Runs it, and keeps what is needed to run it again and to know whether the answer is the same. */
export async function runRecorded(link: Link, history: History, work: Work, statement: Statement): Promise<Answer> {
  if (history.spoilt !== null) return link.run(work)
  const timestamp = statement.time ? await serverTime(link) : null
  let sent = work.options.sql
  try {
    const answer = await atTime(link, timestamp, () => link.run(work, (sql) => (sent = sql)))
    keepAnswer(history, work, statement, sent, answer.rows, timestamp, await idReturned(link, answer.rows, statement))
    return answer
  } catch (error) {
    keepError(history, work, sent, error, timestamp)
    throw error
  }
}

/** INSERT … RETURNING of a single row tells its id among the rest only. */
async function idReturned(link: Link, rows: unknown, { inserts, time }: Statement): Promise<Entry['insertId']> {
  if (!inserts || !time || !Array.isArray(rows) || rows.length !== 1) return insertIdOf(rows)
  const [last] = await link.rows('SELECT CAST(LAST_INSERT_ID() AS CHAR) AS id')
  const id = String(last?.['id'])
  return id !== '0' && Object.values(rows[0] as object).some((value) => String(value) === id) ? id : null
}

/** `sent`: the text that the server got. */
export function keepAnswer(history: History, work: Work, { inserts }: Statement, sent: string, rows: unknown, timestamp: string | null = null, insertId = insertIdOf(rows)): void {
  keep(history, () => ({ shown: work.options.sql, work: keptWork(work, sent), told: digestOf(rows), insertId: inserts ? insertId : null, timestamp }))
}

/** Of a statement that failed by itself: the application may go on. */
export function keepError(history: History, work: Work, sent: string, error: unknown, timestamp: string | null = null): void {
  if (failureOf(error) === 'statement') keep(history, () => ({ shown: work.options.sql, work: keptWork(work, sent), told: toldOfError(error), insertId: null, timestamp }))
}

function keep(history: History, make: () => Entry): void {
  if (history.spoilt !== null) return
  try {
    history.add(make())
  } catch (error) {
    history.spoil(`it has ${(error as Error).message}`)
  }
}

/** What was given as an id was not one that the server chose, and now waits for the next INSERT, whosever it is. */
export class NotChosen extends Error {}

/** Runs it once more. @returns what is told now; rejects where the transaction itself came to an end, and with NotChosen: the connection must go */
export async function runEntry(link: Link, { work, insertId, timestamp }: Entry): Promise<string> {
  if (insertId !== null) {
    await link.run(text('SELECT LAST_INSERT_ID(0)'))
    await link.run(text(`SET insert_id = ${insertId}`))
  }
  try {
    const { rows } = await atTime(link, timestamp, () => link.run(work))
    if (insertId !== null) {
      const [last] = await link.rows('SELECT CAST(LAST_INSERT_ID() AS CHAR) AS id')
      if (String(last?.['id']) !== String(insertId)) throw new NotChosen()
    }
    return digestOf(rows)
  } catch (error) {
    // The id may still wait there for the next INSERT, whosever it is.
    if (insertId !== null) link.tainted = true
    if (error instanceof NotChosen || failureOf(error) !== 'statement') throw error
    if (insertId !== null) throw new NotChosen()
    return toldOfError(error)
  }
}

const toldOfError = (error: unknown) => `error ${(error as SqlError).errno ?? (error as SqlError).code}`

/** NOW() and its like say the same when it is repeated. */
async function atTime<Value>(link: Link, timestamp: string | null, run: () => Promise<Value>): Promise<Value> {
  if (timestamp === null) return run()
  await link.run(text(`SET timestamp = ${timestamp}`))
  try {
    return await run()
  } finally {
    await link.run(text('SET timestamp = DEFAULT')).catch((error) => link.kill(error as Error))
  }
}

/** Null where the server lets nobody set it (secure_timestamp). */
async function serverTime(link: Link): Promise<string | null> {
  const [row] = await link.rows("SELECT CAST(@@timestamp AS CHAR) AS at, @@secure_timestamp = 'NO' AS free")
  return Number(row?.['free']) === 1 ? String(row?.['at']) : null
}

/** With its values in the text where it was sent as text, else with a copy of them. */
export function keptWork({ protocol, options }: Work, sent: string): Work {
  const { values, ...rest } = options
  if (protocol === 'query') return { protocol, options: { ...rest, sql: sent, namedPlaceholders: false } as QueryOptions }
  return { protocol, options: { ...rest, values: keptValues(values) } as QueryOptions }
}

/** What a write reports; nothing where the answer was rows. */
export const headerOf = (rows: unknown) => (Array.isArray(rows) || rows === null ? {} : rows) as { readonly insertId?: number | string; readonly affectedRows?: number }

/** Of a single row: ids of several rows are up to the node. */
export function insertIdOf(rows: unknown): Entry['insertId'] {
  const { insertId, affectedRows } = headerOf(rows)
  return insertId === undefined || Number(insertId) === 0 || affectedRows !== 1 ? null : insertId
}
