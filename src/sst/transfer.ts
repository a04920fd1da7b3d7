import type { SstRequest } from './arguments.ts'
import { readColumns, readDatabases, readTables, type Table } from './catalog.ts'
import { type Column, projectionOf } from './columns.ts'
import { copyRows, rowsOf, tableName } from './copy-rows.ts'
import { installEngines } from './engines.ts'
import { carryPositions, setPosition } from './joiner-settings.ts'
import { withHistory } from './history.ts'
import { readKeySpans } from './key-spans.ts'
import { inLanes, type Lane } from './lanes.ts'
import { planPieces } from './plan.ts'
import type { Progress } from './progress.ts'
import { createDatabase, createEvents, createSequence, createTable, createStandIns, createTriggers, createViews, dropDatabases } from './schema.ts'
import { copyEvents, copyLastTables, copySystemTables } from './system-tables.ts'
import type { Wire } from './wire.ts'

/**
 * Tables above this are carried in ranges where there are as many lanes, bytes. InnoDB loads an empty table in bulk,
 * without undo, as long as one session alone does so: with fewer lanes that is quicker [ran: 16 against 23 s on 2 cores].
 */
const RANGE_BYTES = 64 * 1024 * 1024
const RANGE_LANES = 4

/** Types whose values may be larger than the redo log. */
const LONGEST: ReadonlySet<string> = new Set(['longblob', 'longtext'])

/** Rows of these are elsewhere, or nowhere. */
const WITHOUT_ROWS: ReadonlySet<string> = new Set(['MRG_MYISAM', 'FEDERATED', 'CONNECT', 'SPIDER', 'OQGRAPH', 'BLACKHOLE', 'SPHINX', 'S3'])

/** Carries all that the paused donor has to a joiner that serves SQL. Each lane is a session on either side; `restore` sets back what was set for it. @returns what is to be told: views that were left out, warnings of the joiner */
export async function transferState(request: SstRequest, lanes: readonly [Lane, ...Lane[]], restore: (joiner: Wire) => Promise<void>, progress: Progress): Promise<readonly string[]> {
  const [{ donor, joiner }] = lanes
  progress.stage('emptying the joiner')
  const databases = await readDatabases(donor)
  await dropDatabases(joiner, await readDatabases(joiner))
  progress.stage('users, grants, routines and events')
  await installEngines(donor, joiner)
  const told = [...(await copySystemTables(donor, joiner))]
  progress.stage('definitions')
  const tables: Table[] = []
  const columns = new Map<Table, readonly Column[]>()
  for (const database of databases) {
    await createDatabase(donor, joiner, database)
    const columnsOf = await readColumns(donor, database)
    const found = (await readTables(donor, database)).map((table) => withHistory(table, columnsOf.get(table.name) ?? []))
    tables.push(...found.map(({ table }) => table))
    for (const one of found) columns.set(one.table, one.columns)
    told.push(...found.filter(({ cut }) => cut).map(({ table }) => `${tableName(table)} is versioned by transaction: its past is not carried`))
  }
  const based = tables.filter(({ kind }) => kind === 'table' || kind === 'versioned')
  progress.expect({ tables: based.length, bytes: based.reduce((sum, { bytes }) => sum + bytes, 0) })
  // A column's default may be the next value of one.
  await inLanes(lanes, tables.filter(({ kind }) => kind === 'sequence'), (lane, table) => createSequence(lane.donor, lane.joiner, table).catch(namedAs(table)))
  await inLanes(lanes, based, async (lane, table) => {
    await createTable(lane.donor, lane.joiner, table).catch(namedAs(table))
    progress.made()
  })

  progress.stage('rows')
  const full = based.filter(({ engine }) => engine !== null && !WITHOUT_ROWS.has(engine.toUpperCase()))
  const large = lanes.length < RANGE_LANES ? [] : full.filter(({ bytes }) => bytes > RANGE_BYTES).map((table) => ({ table, columns: columns.get(table) ?? [] }))
  const pieces = planPieces(full, await readKeySpans(donor, large), RANGE_BYTES)
  const left = new Map<Table, number>()
  for (const { table } of pieces) left.set(table, (left.get(table) ?? 0) + 1)
  await inLanes(lanes, pieces, async (lane, piece) => {
    // Checks of uniqueness keep InnoDB from loading in bulk, for which the sessions would wait for each other; and rows as large as the redo log stop it for ever [ran].
    const inBulk = piece.range === null && !(columns.get(piece.table) ?? []).some(({ type }) => LONGEST.has(type))
    await lane.joiner.execute(`SET SESSION unique_checks = ${inBulk ? 0 : 1}`)
    told.push(...(await copyRows(lane.donor, lane.joiner, rowsOf(piece, projectionOf(columns.get(piece.table) ?? [])), (bytes) => progress.moved(bytes)).catch(namedAs(piece.table))))
    left.set(piece.table, (left.get(piece.table) ?? 0) - 1)
    if (left.get(piece.table) === 0) progress.finished(piece.table)
  })

  progress.stage('views, triggers and events')
  const views = tables.filter(({ kind }) => kind === 'view')
  const broken: Table[] = []
  for (const database of databases) broken.push(...(await createStandIns(donor, joiner, database, views.filter((view) => view.database === database))))
  if (broken.length > 0) told.push(`views that the donor itself can't use were left out: ${broken.map(tableName).join(', ')}`)
  for (const database of databases) {
    await createViews(donor, joiner, database, views.filter((view) => view.database === database && !broken.includes(view)))
    await createTriggers(donor, joiner, database)
    await createEvents(donor, joiner, database)
  }
  await copyEvents(donor, joiner)
  progress.stage('statistics and positions')
  await copyLastTables(donor, joiner)
  await joiner.execute('FLUSH TABLES')
  await restore(joiner)
  await carryPositions(donor, joiner)
  await setPosition(joiner, request)
  return told
}

function namedAs(table: Table): (error: Error) => never {
  return (error) => {
    throw new Error(`${tableName(table)}: ${error.message}`, { cause: error })
  }
}
