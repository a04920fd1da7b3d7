import * as z from 'zod'
import type { BinlogScan, Run } from './binlog-scan.ts'
import { nameSchema, seqnoSchema, uuidSchema } from './schemas.ts'
import { formatServerGtid, parseServerGtids, type ServerGtid } from './server-gtid.ts'

/** What is known of a binary log in the archive. */
export interface ArchivedBinlog {
  /** In its folder, without what says how it is kept: `binlog.000007.1f2e3d4c`. */
  readonly name: string
  /** Whose binary log it was. */
  readonly node: string
  /** false: it is still being written, or its end was not archived yet. */
  readonly finished: boolean
  /** State before and after, as gtid_binlog_state tells it. */
  readonly startState: readonly ServerGtid[]
  readonly endState: readonly ServerGtid[]
  /** Of the cluster; a finished file has at least one. */
  readonly first: ServerGtid | null
  readonly last: ServerGtid | null
  readonly runs: readonly Run[]
  /** Earliest and latest of the cluster's transactions. */
  readonly firstTime: Date | null
  readonly lastTime: Date | null
  /** Of whole transactions. */
  readonly bytes: number
  /** Of those bytes, as hex; null while it is being written. */
  readonly sha256: string | null
  /** Of the cluster's transactions here, only those up to this seqno are its history: it went on otherwise from there. */
  readonly countsTo: bigint | null
}

/** The archive of one history. */
export interface Inventory {
  /** State UUID. */
  readonly history: string
  readonly files: readonly ArchivedBinlog[]
}

const gtidsSchema = z.string().max(100_000).transform(parseServerGtids)
const timeSchema = z.iso.datetime().transform((text) => new Date(text))

/** The note beside a finished file; written last, so that a file without one is not finished. */
const noteSchema = z.object({
  version: z.literal(1),
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/),
  node: nameSchema,
  history: uuidSchema,
  startState: gtidsSchema,
  endState: gtidsSchema,
  first: gtidsSchema,
  last: gtidsSchema,
  runs: z.array(z.tuple([seqnoSchema, seqnoSchema])).max(20_000),
  firstTime: timeSchema,
  lastTime: timeSchema,
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  countsTo: seqnoSchema.nullable().default(null),
})

export type Note = z.infer<typeof noteSchema>

/** null for what is no note. */
export function parseNote(text: string): Note | null {
  try {
    return noteSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

export function formatNote(history: string, file: ArchivedBinlog): string {
  const gtids = (list: readonly (ServerGtid | null)[]) => list.flatMap((gtid) => (gtid === null ? [] : [formatServerGtid(gtid)])).join(',')
  const note = {
    version: 1,
    name: file.name,
    node: file.node,
    history,
    startState: gtids(file.startState),
    endState: gtids(file.endState),
    first: gtids([file.first]),
    last: gtids([file.last]),
    runs: file.runs.map(({ first, last }) => [String(first), String(last)]),
    firstTime: file.firstTime,
    lastTime: file.lastTime,
    bytes: file.bytes,
    sha256: file.sha256,
    countsTo: file.countsTo === null ? null : String(file.countsTo),
  }
  return `${JSON.stringify(note, null, 1)}\n`
}

export function fileOfNote(note: Note): ArchivedBinlog {
  const { name, node, startState, endState, firstTime, lastTime, bytes, sha256, countsTo } = note
  return { name, node, finished: true, startState, endState, first: note.first[0] ?? null, last: note.last[0] ?? null, runs: note.runs.map(([first, last]) => ({ first, last })), firstTime, lastTime, bytes, sha256, countsTo }
}

/** What a file holds as far as it was read. */
export function fileOfScan(scan: BinlogScan, { name, node, sha256 }: Pick<ArchivedBinlog, 'name' | 'node' | 'sha256'>): ArchivedBinlog {
  const date = (seconds: number | null) => (seconds === null ? null : new Date(seconds * 1000))
  return { name, node, finished: sha256 !== null, startState: scan.startState ?? [], endState: scan.position, first: scan.first, last: scan.last, runs: scan.runs.map((run) => ({ ...run })), firstTime: date(scan.firstTime), lastTime: date(scan.lastTime), bytes: scan.whole, sha256, countsTo: null }
}
