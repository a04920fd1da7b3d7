import type { Column } from './columns.ts'
import { identifier, literal } from './columns.ts'
import type { Value } from './row-values.ts'
import type { Wire } from './wire.ts'

export type TableKind = 'table' | 'versioned' | 'sequence' | 'view'

/** Something that has rows or shows them, of one database. */
export interface Table {
  readonly database: string
  readonly name: string
  readonly kind: TableKind
  /** null: a view, or a table whose engine is not loaded. */
  readonly engine: string | null
  /** The engine's estimate, data without indexes. */
  readonly bytes: number
}

/** Made by the server itself, or seen through it. */
const SERVERS_OWN: ReadonlySet<string> = new Set(['information_schema', 'performance_schema', 'mysql', 'sys'])

export async function readDatabases(wire: Wire): Promise<readonly string[]> {
  return (await wire.rows('SHOW DATABASES')).map(([name]) => text(name)).filter((name) => !SERVERS_OWN.has(name))
}

/** With all that is in them. */
export async function dropDatabases(wire: Wire, names: readonly string[]): Promise<void> {
  for (const name of names) await wire.execute(`DROP DATABASE IF EXISTS ${identifier(name)}`)
}

export async function readTables(wire: Wire, database: string): Promise<readonly Table[]> {
  const rows = await wire.rows(`SELECT TABLE_NAME, TABLE_TYPE, ENGINE, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(database)}`)
  return rows.map(([name, type, engine, bytes]) => ({ database, name: text(name), kind: kindOf(text(type)), engine: engine === null || engine === undefined ? null : text(engine), bytes: Number(text(bytes ?? null) || 0) }))
}

/** The base tables of all databases and of `mysql`, without their sizes: nothing but definitions is opened. */
export async function readBaseTables(wire: Wire): Promise<readonly Pick<Table, 'database' | 'name' | 'engine'>[]> {
  const rows = await wire.rows("SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')")
  const tables = rows.map(([database, name, engine]) => ({ database: text(database), name: text(name), engine: engine === null || engine === undefined ? null : text(engine) }))
  // Not in SQL, where case does not count: `SYS` may be somebody's.
  return tables.filter(({ database }) => database === 'mysql' || !SERVERS_OWN.has(database))
}

/** Expressions of the columns of a row's time. */
const PERIODS: Readonly<Record<string, Column['period']>> = { 'ROW START': 'start', 'ROW END': 'end' }

/** By table name, in the order of the table. */
export async function readColumns(wire: Wire, database: string): Promise<ReadonlyMap<string, readonly Column[]>> {
  const rows = await wire.rows(`SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_GENERATED, GENERATION_EXPRESSION FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${literal(database)} ORDER BY TABLE_NAME, ORDINAL_POSITION`)
  const tables = new Map<string, Column[]>()
  for (const [table, name, type, generated, expression] of rows) {
    const columns = tables.get(text(table)) ?? []
    const period = PERIODS[text(expression)] ?? null
    columns.push({ name: text(name), type: text(type), generated: text(generated) === 'ALWAYS' && period === null, period })
    tables.set(text(table), columns)
  }
  return tables
}

export function text(value: Value | undefined): string {
  return value === null || value === undefined ? '' : value.toString('utf8')
}

function kindOf(type: string): TableKind {
  if (type === 'VIEW') return 'view'
  if (type === 'SEQUENCE') return 'sequence'
  return type === 'SYSTEM VERSIONED' ? 'versioned' : 'table'
}
