import { readColumns, readTables, type Table } from './catalog.ts'
import type { Column } from './columns.ts'
import { tableName } from './copy-rows.ts'
import { withHistory } from './history.ts'
import { readKeySpans } from './key-spans.ts'
import { type Piece, planPieces } from './plan.ts'
import type { Wire } from './wire.ts'

/**
 * Tables above this are carried in ranges where there are as many lanes, bytes. InnoDB loads an empty table in bulk,
 * without undo, as long as one session alone does so: with fewer lanes that is quicker [ran: 16 against 23 s on 2 cores].
 */
export const RANGE_BYTES = 64 * 1024 * 1024
export const RANGE_LANES = 4

/** Types whose values may be larger than the redo log. */
const LONGEST: ReadonlySet<string> = new Set(['longblob', 'longtext'])

/** Rows of these are elsewhere, or nowhere. */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(['MRG_MYISAM', 'FEDERATED', 'CONNECT', 'SPIDER', 'OQGRAPH', 'BLACKHOLE', 'SPHINX', 'S3'])

/** What databases hold. */
export interface Inventory {
  readonly sequences: readonly Table[]
  readonly views: readonly Table[]
  /** Of whatever engine. */
  readonly based: readonly Table[]
  /** The columns that are carried. */
  readonly columns: ReadonlyMap<Table, readonly Column[]>
  /** Tables whose past stays behind. */
  readonly cut: readonly Table[]
}

export async function readInventory(donor: Wire, databases: readonly string[]): Promise<Inventory> {
  const tables: Table[] = []
  const cut: Table[] = []
  const columns = new Map<Table, readonly Column[]>()
  for (const database of databases) {
    const columnsOf = await readColumns(donor, database)
    for (const table of await readTables(donor, database)) {
      const one = withHistory(table, columnsOf.get(table.name) ?? [])
      tables.push(one.table)
      columns.set(one.table, one.columns)
      if (one.cut) cut.push(one.table)
    }
  }
  const ofKind = (...kinds: readonly Table['kind'][]) => tables.filter(({ kind }) => kinds.includes(kind))
  return { sequences: ofKind('sequence'), views: ofKind('view'), based: ofKind('table', 'versioned'), columns, cut }
}

export const cutNote = (table: Table) => `${tableName(table)} is versioned by transaction: its past is not carried`

export const brokenNote = (views: readonly Table[]) => `views that the donor itself cannot use were left out: ${views.map(tableName).join(', ')}`

export const hasRows = ({ engine }: Pick<Table, 'engine'>) => engine !== null && !WITHOUT_ROWS.has(engine.toUpperCase())

/** Checks of uniqueness keep InnoDB from loading in bulk; rows as large as the redo log stop that for ever [ran]. */
export const fitsBulk = (columns: readonly Column[]) => !columns.some(({ type }) => LONGEST.has(type))

/** The pieces in which the rows of these tables are read, largest first; large tables in ranges of their keys or all whole. */
export async function planRows(donor: Wire, tables: readonly Table[], columns: Inventory['columns'], how: 'ranges' | 'whole'): Promise<readonly Piece[]> {
  const large = how === 'whole' ? [] : tables.filter(({ bytes }) => bytes > RANGE_BYTES).map((table) => ({ table, columns: columns.get(table) ?? [] }))
  return planPieces(tables, await readKeySpans(donor, large), RANGE_BYTES)
}
