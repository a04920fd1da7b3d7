import type { Table } from '../../sst/catalog.ts'
import { projectionOf } from '../../sst/columns.ts'
import { rowsOf, tableName } from '../../sst/copy-rows.ts'
import { hasRows, type Inventory, planRows, RANGE_LANES } from '../../sst/inventory.ts'
import { inLanes } from '../../sst/lanes.ts'
import type { Progress } from '../../sst/progress.ts'
import type { TextSink, Wire } from '../../sst/wire.ts'
import { checksumTable, type TableChecksum } from './checksums.ts'
import { type Frozen, hasReadView, letGo } from './frozen.ts'
import type { CountedTable } from './records.ts'
import { RowFiles } from './row-files.ts'
import type { SystemRows } from './server-objects.ts'
import { TableWriter } from './table-writer.ts'
import type { TarWriter } from './tar-writer.ts'
import { TextBuffers } from './text-buffers.ts'

export interface RowOptions {
  /** `sums`: CHECKSUM TABLE … EXTENDED of each table in the same read view, which reads all rows once more; otherwise they are null. */
  readonly sums: 'sums' | 'no-sums'
  /** `reused`: quicker, where the output has taken the bytes when it calls back, as files, sockets and zlib do. A PassThrough, or a Transform that hands on what it gets, has not. */
  readonly buffers: 'fresh' | 'reused'
}

/** Writes the rows of all tables; first those that are locked for it, so that their writers wait for no others. */
export async function writeRows(tar: TarWriter, { readers, thaw }: Frozen, { based, columns, cut }: Inventory, progress: Progress, { sums, buffers: mode }: RowOptions): Promise<readonly TableChecksum[]> {
  const [reader] = readers
  const buffers = new TextBuffers(mode)
  const full = based.filter(hasRows)
  // With fewer lanes two tables at a time, as they are loaded.
  const how = readers.length < RANGE_LANES ? 'whole' : 'ranges'
  const locked = await planRows(reader, full.filter((table) => !hasReadView(table)), columns, how)
  const pieces = [...locked, ...(await planRows(reader, full.filter(hasReadView), columns, how))]
  await letGo(reader)
  const counts = new Map<Table, number>()
  for (const { table } of pieces) counts.set(table, (counts.get(table) ?? 0) + 1)
  const writers = new Map(full.map((table) => [table, new TableWriter(tar, table, columns.get(table) ?? [], counts.get(table) ?? 0)]))
  const written = new Map<Table, TableChecksum>()
  let lockedLeft = locked.length
  if (lockedLeft === 0) await thaw()
  await inLanes(readers, pieces, async (reader, piece) => {
    const writer = writers.get(piece.table) as TableWriter
    const { from, projection } = rowsOf(piece, projectionOf(writer.columns))
    const whole = await writePiece(tar, writer, counting(progress, (sink) => reader.read(`SELECT ${projection.select} FROM ${from}`, sink, () => buffers.take())), buffers)
    if (whole) {
      const checksum = sums === 'sums' ? (await checksumTable(reader, piece.table, { cut })).checksum : null
      written.set(piece.table, { schema: piece.table.database, name: piece.table.name, rows: writer.rows, versioned: piece.table.kind === 'versioned', checksum })
      progress.finished(piece.table)
    }
    await letGo(reader)
    if (!hasReadView(piece.table) && --lockedLeft === 0) await thaw()
  })
  return full.map((table) => written.get(table) as TableChecksum)
}

/** Rows of tables that the server keeps for itself. */
export async function writeSystemRows(tar: TarWriter, reader: Wire, system: readonly SystemRows[], columns: Inventory['columns']): Promise<readonly CountedTable[]> {
  const written: CountedTable[] = []
  for (const { table, where } of system) {
    const writer = new TableWriter(tar, table, columns.get(table) ?? [], 1)
    await writePiece(tar, writer, (sink) => reader.read(`SELECT ${projectionOf(writer.columns).select} FROM ${tableName(table)}${where}`, sink))
    written.push({ schema: table.database, name: table.name, rows: writer.rows })
  }
  return written
}

async function writePiece(tar: TarWriter, writer: TableWriter, read: (sink: TextSink) => Promise<number>, buffers = new TextBuffers('fresh')): Promise<boolean> {
  await writer.begin()
  return writer.endPiece(await new RowFiles(tar, writer, buffers).fill(read))
}

const counting = (progress: Progress, read: (sink: TextSink) => Promise<number>) => (sink: TextSink) =>
  read({ full: () => sink.full(), onceReady: (resume) => sink.onceReady(resume), write: (text, rowsEnd) => {
    progress.moved(text.length)
    sink.write(text, rowsEnd)
  } })
