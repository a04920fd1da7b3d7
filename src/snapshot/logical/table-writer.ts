import type { Table } from '../../sst/catalog.ts'
import { type Column, identifier, type Projection, projectionOf } from '../../sst/columns.ts'
import { loadStatement, tableName } from '../../sst/copy-rows.ts'
import { fitsBulk } from '../../sst/inventory.ts'
import { endFile, loadFile, rowsFolder, tableFile, textFile } from './members.ts'
import type { TableRecord } from './records.ts'
import { formatScript } from './script.ts'
import type { TarWriter } from './tar-writer.ts'

/** Writes the rows of one table into the archive; several lanes may do so at once. */
export class TableWriter {
  readonly table: Table
  readonly columns: readonly Column[]
  readonly #tar: TarWriter
  readonly #folder: string
  #begun: Promise<void> | null = null
  #files = 0
  #rows = 0
  #left: number

  /** `pieces`: in how many the table is read. */
  constructor(tar: TarWriter, table: Table, columns: readonly Column[], pieces: number) {
    this.#tar = tar
    this.table = table
    this.columns = columns
    this.#folder = rowsFolder(table)
    this.#left = pieces
  }

  get rows(): number {
    return this.#rows
  }

  /** What the loader must know first. */
  begin(): Promise<void> {
    return (this.#begun ??= this.#begin())
  }

  /** The next file's name, by who has the archive's turn; `part` as in textFile. */
  nextFile(): (part: number | null) => string {
    const file = ++this.#files
    return (part) => textFile(this.#folder, file, part)
  }

  /** @returns whether the table is whole now */
  async endPiece(rows: number): Promise<boolean> {
    this.#rows += rows
    if (--this.#left > 0) return false
    await this.#tar.add(endFile(this.#folder), Buffer.from(`${JSON.stringify({ rows: this.#rows })}\n`))
    return true
  }

  async #begin(): Promise<void> {
    const { database: schema, name, bytes } = this.table
    const bulk = fitsBulk(this.columns)
    const record: TableRecord = { schema, name, bytes, bulk }
    await this.#tar.add(tableFile(this.#folder), Buffer.from(`${JSON.stringify(record)}\n`))
    await this.#tar.add(loadFile(this.#folder), formatScript([...(bulk ? [] : ['SET SESSION unique_checks = 1']), loadStatement(textFile(this.#folder, 1, null), tableName(this.table), loadedAs(this.columns))]))
  }
}

/**
 * From 11.5 on, time ends in 2106: a row of the present, as an older server wrote it, would be of the past. The executable
 * comment is read by those servers alone [ran: 10.11 to 11.8].
 */
export function loadedAs(columns: readonly Column[]): Projection {
  const { select, columns: plain } = projectionOf(columns)
  const end = columns.find(({ period, type }) => period === 'end' && type === 'timestamp')
  if (end === undefined) return { select, columns: plain }
  const list = columns.filter(({ generated }) => !generated).map((column) => (column === end ? '@row_end' : identifier(column.name)))
  return { select, columns: `${list.join(', ')}) SET ${identifier(end.name)} = (/*M!110500 IF(@row_end = '2038-01-19 03:14:07.999999', '2106-02-07 06:28:15.999999', */ @row_end /*M!110500 ) */` }
}
