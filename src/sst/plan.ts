import type { Table } from './catalog.ts'

/** The range of a table that one session reads and one loads; null: all of it. */
export interface Range {
  readonly column: string
  /** Inclusive; null: from the beginning. */
  readonly from: bigint | null
  /** Exclusive; null: to the end. */
  readonly to: bigint | null
}

export interface Piece {
  readonly table: Table
  readonly range: Range | null
  /** Estimate. */
  readonly bytes: number
}

/** The values of the first column of a table's primary key, where that is an integer. */
export interface KeySpan {
  readonly column: string
  readonly least: bigint
  readonly greatest: bigint
}

/**
 * The pieces in which the rows are carried, largest first: a table of more than `pieceBytes` in ranges of equal
 * width of its primary key where it has one of integers.
 */
export function planPieces(tables: readonly Table[], spans: ReadonlyMap<Table, KeySpan>, pieceBytes: number): readonly Piece[] {
  return tables.flatMap((table) => piecesOf(table, spans.get(table), pieceBytes)).toSorted((a, b) => b.bytes - a.bytes)
}

function piecesOf(table: Table, span: KeySpan | undefined, pieceBytes: number): readonly Piece[] {
  const wanted = Math.ceil(table.bytes / pieceBytes)
  const width = span === undefined ? 0n : span.greatest - span.least + 1n
  const count = span === undefined ? 1 : Number(width < BigInt(wanted) ? width : BigInt(wanted))
  if (span === undefined || count < 2) return [{ table, range: null, bytes: table.bytes }]
  const edge = (at: number) => (at === 0 || at === count ? null : span.least + (width * BigInt(at)) / BigInt(count))
  return Array.from({ length: count }, (_, at) => ({ table, range: { column: span.column, from: edge(at), to: edge(at + 1) }, bytes: table.bytes / count }))
}
