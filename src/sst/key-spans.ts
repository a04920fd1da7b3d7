import { type Table, text } from './catalog.ts'
import { type Column, identifier, literal } from './columns.ts'
import { tableName } from './copy-rows.ts'
import type { KeySpan } from './plan.ts'
import type { Wire } from './wire.ts'

const INTEGERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])

/** For tables whose primary key begins with an integer: from where to where it goes. */
export async function readKeySpans(donor: Wire, tables: readonly { readonly table: Table; readonly columns: readonly Column[] }[]): Promise<ReadonlyMap<Table, KeySpan>> {
  const spans = new Map<Table, KeySpan>()
  for (const { table, columns } of tables) {
    const [key] = await donor.rows(`SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ${literal(table.database)} AND TABLE_NAME = ${literal(table.name)} AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1`)
    const column = columns.find(({ name }) => name === text(key?.[0]))
    if (column === undefined || !INTEGERS.has(column.type)) continue
    const [row] = await donor.rows(`SELECT MIN(${identifier(column.name)}), MAX(${identifier(column.name)}) FROM ${tableName(table)}`)
    const [least, greatest] = [row?.[0], row?.[1]]
    if (least && greatest) spans.set(table, { column: column.name, least: BigInt(text(least)), greatest: BigInt(text(greatest)) })
  }
  return spans
}
