import type { SstRequest } from './arguments.ts'
import { dropDatabases, readDatabases, type Table } from './catalog.ts'
import { projectionOf } from './columns.ts'
import { copyRows, rowsOf, tableName } from './copy-rows.ts'
import { databaseStatements, sequenceStatements, standInStatements, tableStatements, triggerStatements, viewStatements } from './definitions.ts'
import { installEngines } from './engines.ts'
import { brokenNote, cutNote, fitsBulk, hasRows, planRows, RANGE_LANES, readInventory } from './inventory.ts'
import { carryPositions, setPosition } from './joiner-settings.ts'
import { inLanes, type Lane } from './lanes.ts'
import type { Progress } from './progress.ts'
import { copyLastTables, copySystemTables } from './system-tables.ts'
import type { Wire } from './wire.ts'

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
  for (const database of databases) await joiner.executeAll(await databaseStatements(donor, database))
  const { sequences, views, based, columns, cut } = await readInventory(donor, databases)
  told.push(...cut.map(cutNote))
  progress.expect({ tables: based.length, bytes: based.reduce((sum, { bytes }) => sum + bytes, 0) })
  // A column's default may be the next value of one.
  await inLanes(lanes, sequences, async (lane, table) => lane.joiner.executeAll(await sequenceStatements(lane.donor, table)).catch(namedAs(table)))
  await inLanes(lanes, based, async (lane, table) => {
    await lane.joiner.executeAll(await tableStatements(lane.donor, table)).catch(namedAs(table))
    progress.made()
  })

  progress.stage('rows')
  const pieces = await planRows(donor, based.filter(hasRows), columns, lanes.length < RANGE_LANES ? 'whole' : 'ranges')
  const left = new Map<Table, number>()
  for (const { table } of pieces) left.set(table, (left.get(table) ?? 0) + 1)
  await inLanes(lanes, pieces, async (lane, piece) => {
    const carried = columns.get(piece.table) ?? []
    // Loading in bulk, the sessions that load one table would wait for each other.
    const inBulk = piece.range === null && fitsBulk(carried)
    await lane.joiner.execute(`SET SESSION unique_checks = ${inBulk ? 0 : 1}`)
    told.push(...(await copyRows(lane.donor, lane.joiner, rowsOf(piece, projectionOf(carried)), (bytes) => progress.moved(bytes)).catch(namedAs(piece.table))))
    left.set(piece.table, (left.get(piece.table) ?? 0) - 1)
    if (left.get(piece.table) === 0) progress.finished(piece.table)
  })

  progress.stage('views and triggers')
  const broken: Table[] = []
  for (const database of databases) {
    const standIns = await standInStatements(donor, database, views.filter((view) => view.database === database))
    await joiner.executeAll(standIns.statements)
    broken.push(...standIns.broken)
  }
  if (broken.length > 0) told.push(brokenNote(broken))
  for (const database of databases) {
    await joiner.executeAll(await viewStatements(donor, database, views.filter((view) => view.database === database && !broken.includes(view))))
    await joiner.executeAll(await triggerStatements(donor, database))
  }
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
