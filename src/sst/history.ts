import type { Table } from './catalog.ts'
import type { Column } from './columns.ts'

export interface WithHistory {
  readonly table: Table
  /** Those that are carried, with the begin and end of a row's time where its past is. */
  readonly columns: readonly Column[]
  /** The past stays behind. */
  readonly cut: boolean
}

/**
 * What of a system-versioned table is carried. By time: all of it, also where the columns of a row's time are hidden. By
 * transaction: the present alone, for each node of a cluster numbers transactions by itself, and rows of the past would
 * come back to life [ran].
 */
export function withHistory(table: Table, columns: readonly Column[]): WithHistory {
  if (table.kind !== 'versioned') return { table, columns, cut: false }
  const periods = columns.filter(({ period }) => period !== null)
  if (periods.some(({ type }) => type === 'bigint')) return { table: { ...table, kind: 'table' }, columns: columns.filter(({ period }) => period === null), cut: true }
  const hidden = periods.length > 0 ? [] : (['start', 'end'] as const).map((period) => ({ name: `row_${period}`, type: 'timestamp', generated: false, period }))
  return { table, columns: [...columns, ...hidden], cut: false }
}
