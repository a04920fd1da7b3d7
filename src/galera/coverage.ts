import type { ArchivedBinlog } from './archived-binlog.ts'
import type { Run } from './binlog-scan.ts'
import { CLUSTER_DOMAIN, clusterSeqno, type ServerGtid } from './server-gtid.ts'

/** What one file covers of the cluster's transactions: those behind `after`, up to `to`. */
export interface Span {
  readonly file: ArchivedBinlog
  readonly after: bigint
  readonly to: bigint
}

/** What nobody has, between what somebody has. */
export interface Gap {
  readonly first: ServerGtid
  readonly last: ServerGtid
  /** Of the last transaction before it and of the first behind it; null where the file does not tell. */
  readonly from: Date | null
  readonly to: Date | null
}

/**
 * What the files cover, in order. A file has all from the state at its beginning to its last GTID. Seqnos that it passes over
 * are of statements that failed on all nodes (measured: they take a GTID and are not logged), unless another node's file has
 * one of them: then a session left it out of this log (sql_log_bin=0), and this file does not cover it.
 */
export function spansOf(files: readonly ArchivedBinlog[]): readonly Span[] {
  return files.flatMap((file) => pieces(file, files)).toSorted((a, b) => compare(a.after, b.after) || compare(b.to, a.to) || (a.file.node < b.file.node ? -1 : 1))
}

/** Gaps of a whole archive, in order. */
export function findGaps(files: readonly ArchivedBinlog[]): readonly Gap[] {
  const gaps: Gap[] = []
  let last: Span | null = null
  for (const span of spansOf(files)) {
    if (last !== null && span.after > last.to) gaps.push(gapBetween(last, span))
    if (last === null || span.to > last.to) last = span
  }
  return gaps
}

export function gapBetween(before: Span, behind: Span): Gap {
  const gtid = (seqno: bigint) => ({ domain: CLUSTER_DOMAIN, server: before.file.last?.server ?? 0, seqno })
  return { first: gtid(before.to + 1n), last: gtid(behind.after), from: before.to === before.file.last?.seqno ? before.file.lastTime : null, to: isBeginning(behind) ? behind.file.firstTime : null }
}

/** The state before its first transaction; a log that was reset tells none, and has nothing before that. */
export function startOf({ startState, first }: ArchivedBinlog): bigint {
  const told = clusterSeqno(startState)
  return told === 0n && first !== null ? first.seqno - 1n : told
}

const isBeginning = ({ file, after }: Span) => after === startOf(file)

function pieces(file: ArchivedBinlog, all: readonly ArchivedBinlog[]): readonly Span[] {
  if (file.last === null) return []
  const end = file.countsTo === null || file.countsTo > file.last.seqno ? file.last.seqno : file.countsTo
  let after = startOf(file)
  const spans: Span[] = []
  for (const left of missing(file, all)) {
    if (left.first - 1n > after) spans.push({ file, after, to: min(left.first - 1n, end) })
    after = left.last
  }
  return [...spans, { file, after, to: end }].filter((span) => span.to > span.after)
}

/** Breaks of this file in which another one has a transaction. */
function missing(file: ArchivedBinlog, all: readonly ArchivedBinlog[]): readonly Run[] {
  const breaks = file.runs.slice(1).map((run, at) => ({ first: (file.runs[at]?.last ?? 0n) + 1n, last: run.first - 1n }))
  if (breaks.length === 0) return []
  const others = all.filter((one) => one.last !== null && one.last.seqno > (breaks[0]?.first ?? 0n) - 1n && startOf(one) < (breaks.at(-1)?.last ?? 0n))
  return breaks.filter(({ first, last }) => others.some((one) => one.runs.some((run) => run.first <= last && run.last >= first && (one.countsTo === null || run.first <= one.countsTo))))
}

const min = (a: bigint, b: bigint) => (a < b ? a : b)
const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
