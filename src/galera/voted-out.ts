import * as z from 'zod'
import { seqnoSchema, uuidSchema } from './schemas.ts'

/** Galera's vote on a node that could not apply what the others could: it leaves, and must take the state anew. */
export const votedOutSchema = z.object({
  /** The write-set that was voted on. */
  uuid: uuidSchema,
  seqno: seqnoSchema,
  /** What failed here, in words; null where nothing did: then the others failed and outvoted this node. */
  failed: z.string().max(500).nullable(),
  /** `schema.table`; null where it is not told. */
  table: z.string().max(200).nullable(),
  /** ISO 8601: when the agent saw it. */
  at: z.string().max(40),
})
export type VotedOut = z.infer<typeof votedOutSchema>

const VOTE = /\[ERROR\] WSREP: Inconsistency detected: Inconsistent by consensus on ([0-9a-f-]{36}):(\d{1,19})/
const ROWS = /\[ERROR\] Slave SQL: Could not execute (\S+) event on table ([^;]+); (.*?), Error_code: (\d+);/
const QUERY = /\[ERROR\] Slave SQL: Error '(.*)' on query\. Default database: '(.*?)'\. Query: '(.*)', Internal MariaDB error code: (\d+)/

/** The last vote that a server's log tells of, newest last [ran]; null where it tells of none. */
export function parseVotedOut(log: string, at: string): VotedOut | null {
  const lines = log.split('\n')
  const last = lines.findLastIndex((line) => VOTE.test(line))
  const [, uuid = '', seqno = ''] = VOTE.exec(lines[last] ?? '') ?? []
  if (uuid === '') return null
  const previous = lines.slice(0, last).findLastIndex((line) => VOTE.test(line))
  const before = lines.slice(previous + 1, last)
  const rows = ROWS.exec(before.findLast((line) => ROWS.test(line)) ?? '')
  const query = QUERY.exec(before.findLast((line) => QUERY.test(line)) ?? '')
  const failed = rows !== null ? `${rows[1]} on ${rows[2]}: ${rows[3]} (error ${rows[4]})` : query !== null ? `${query[3]}: ${query[1]} (error ${query[4]})` : null
  return { uuid, seqno: BigInt(seqno), failed: failed?.slice(0, 500) ?? null, table: rows?.[2]?.slice(0, 200) ?? null, at }
}

/** One sentence. */
export function describeVotedOut(name: string, { uuid, seqno, failed }: VotedOut): string {
  const why = failed === null ? 'the others could not apply it, and outvoted this node' : failed
  return `${name} was voted out as inconsistent at ${uuid}:${seqno}: ${why}`
}

export const votedOutHint = ({ table }: VotedOut): string =>
  `Its rows differed from the others', so it takes a full copy. Look for who changes ${table ?? 'data'} on one node alone: wsrep_on=OFF, a table that is not InnoDB, a restore by hand.`
