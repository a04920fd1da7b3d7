import type { ArchivedBinlog, Inventory } from './archived-binlog.ts'
import { findGaps } from './coverage.ts'
import { formatServerGtid, type ServerGtid } from './server-gtid.ts'

interface Point {
  readonly gtid: string
  /** ISO 8601. */
  readonly time: string
}

/** What an archive holds of one history, in words and numbers. */
export interface ArchiveSummary {
  readonly history: string
  readonly nodes: readonly { readonly node: string; readonly files: number; readonly bytes: number; readonly first: Point; readonly last: Point }[]
  readonly gaps: readonly { readonly first: string; readonly last: string; readonly from: string | null; readonly to: string | null }[]
}

export function summarize({ history, files }: Inventory): ArchiveSummary {
  const nodes = [...new Set(files.map(({ node }) => node))].toSorted()
  return {
    history,
    nodes: nodes.map((node) => summaryOf(node, files.filter((file) => file.node === node))),
    gaps: findGaps(files).map(({ first, last, from, to }) => ({ first: formatServerGtid(first), last: formatServerGtid(last), from: from?.toISOString() ?? null, to: to?.toISOString() ?? null })),
  }
}

function summaryOf(node: string, files: readonly ArchivedBinlog[]): ArchiveSummary['nodes'][number] {
  const sorted = files.toSorted((a, b) => ((a.first?.seqno ?? 0n) < (b.first?.seqno ?? 0n) ? -1 : 1))
  const furthest = files.toSorted((a, b) => ((a.last?.seqno ?? 0n) < (b.last?.seqno ?? 0n) ? -1 : 1)).at(-1)
  return { node, files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), first: point(sorted[0]?.first, sorted[0]?.firstTime), last: point(furthest?.last, furthest?.lastTime) }
}

const point = (gtid: ServerGtid | null | undefined, time: Date | null | undefined): Point => ({ gtid: gtid === null || gtid === undefined ? '' : formatServerGtid(gtid), time: time?.toISOString() ?? '' })
