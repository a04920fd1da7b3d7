import { readColumns, type Table, text } from './catalog.ts'
import { identifier, literal } from './columns.ts'
import { tableName } from './copy-rows.ts'
import type { Value } from './row-values.ts'
import { LOADING_MODE } from './sessions.ts'
import type { Wire } from './wire.ts'

/** Everything of the joiner's own goes, but what the server keeps for itself. */
export async function dropDatabases(joiner: Wire, names: readonly string[]): Promise<void> {
  for (const name of names) await joiner.execute(`DROP DATABASE IF EXISTS ${identifier(name)}`)
}

export async function createDatabase(donor: Wire, joiner: Wire, name: string): Promise<void> {
  const [row] = await donor.rows(`SHOW CREATE DATABASE ${identifier(name)}`)
  await joiner.execute(bytesOf(row?.[1]))
}

/** A table without its rows. Its comments and defaults are utf8mb4, whatever the columns are. */
export async function createTable(donor: Wire, joiner: Wire, table: Table): Promise<void> {
  const [row] = await donor.rows(`SHOW CREATE TABLE ${tableName(table)}`)
  await joiner.execute(`USE ${identifier(table.database)}`)
  await joiner.execute(table.engine === 'ARCHIVE' ? countingAnew(bytesOf(row?.[1])) : bytesOf(row?.[1]))
}

/** ARCHIVE takes no row whose number is below the next one. */
function countingAnew(statement: Buffer): Buffer {
  return Buffer.from(statement.toString('latin1').replace(/(\n\) ENGINE=ARCHIVE) AUTO_INCREMENT=\d+/, '$1'), 'latin1')
}

/** A sequence with its next value; what the donor has reserved in its cache counts as used. */
export async function createSequence(donor: Wire, joiner: Wire, sequence: Table): Promise<void> {
  const [created] = await donor.rows(`SHOW CREATE SEQUENCE ${tableName(sequence)}`)
  await joiner.execute(`USE ${identifier(sequence.database)}`)
  await joiner.execute(bytesOf(created?.[1]))
  const [row = []] = await donor.rows(`SELECT * FROM ${tableName(sequence)}`)
  await joiner.execute(`INSERT INTO ${tableName(sequence)} VALUES (${row.map((value) => literal(text(value))).join(', ')})`)
}

/** For each view a stand-in with the same column names, as views may use each other in any order. @returns views that the donor itself can't use any more */
export async function createStandIns(donor: Wire, joiner: Wire, database: string, views: readonly Table[]): Promise<readonly Table[]> {
  if (views.length === 0) return []
  const columns = await readColumns(donor, database)
  const broken: Table[] = []
  for (const view of views) {
    const names = (columns.get(view.name) ?? []).map((column) => `1 AS ${identifier(column.name)}`)
    if (names.length > 0) await joiner.execute(`CREATE VIEW ${tableName(view)} AS SELECT ${names.join(', ')}`)
    else broken.push(view)
  }
  return broken
}

/** Views in the place of their stand-ins, each in the character set in which it was made. */
export async function createViews(donor: Wire, joiner: Wire, database: string, views: readonly Table[]): Promise<void> {
  if (views.length === 0) return
  for (const wire of [donor, joiner]) await wire.execute(`USE ${identifier(database)}`)
  for (const view of views) {
    const [row = []] = await inCharset(donor, `SHOW CREATE VIEW ${identifier(view.name)}`, 2)
    await speak(joiner, text(row[2]), text(row[3]))
    await joiner.execute(orReplace(row[1]))
  }
  await speak(joiner, 'utf8mb4', 'utf8mb4_general_ci')
}

/** In the order in which they act, each with the SQL mode, time and character sets of its making. */
export function createTriggers(donor: Wire, joiner: Wire, database: string): Promise<void> {
  const named = `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${literal(database)} ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`
  // Trigger, sql_mode, statement, character_set_client, collation_connection, database collation, created.
  return remake(donor, joiner, database, { kind: 'TRIGGER', named, statement: 2, charset: 3, own: (row) => `timestamp = UNIX_TIMESTAMP(${literal(text(row[6]))})`, usual: 'timestamp = DEFAULT' })
}

/**
 * The event scheduler takes up only what is made while it is there, not rows of mysql.event: without this, events would run
 * after the joiner's next start. Those that are switched off have time until then.
 */
export function createEvents(donor: Wire, joiner: Wire, database: string): Promise<void> {
  const named = `SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${literal(database)} AND STATUS = 'ENABLED'`
  // Event, sql_mode, time_zone, statement, character_set_client, collation_connection, database collation.
  return remake(donor, joiner, database, { kind: 'EVENT', named, statement: 3, charset: 4, own: (row) => `time_zone = ${literal(text(row[2]))}`, usual: "time_zone = '+00:00'" })
}

interface Remade {
  readonly kind: 'TRIGGER' | 'EVENT'
  /** The SELECT of their names. */
  readonly named: string
  /** Fields of SHOW CREATE; the collation stands behind the character set, the SQL mode second. */
  readonly statement: number
  readonly charset: number
  /** What else is set while one is made, and then set back. */
  readonly own: (row: readonly Value[]) => string
  readonly usual: string
}

async function remake(donor: Wire, joiner: Wire, database: string, { kind, named, statement, charset, own, usual }: Remade): Promise<void> {
  const names = await donor.rows(named)
  if (names.length === 0) return
  for (const wire of [donor, joiner]) await wire.execute(`USE ${identifier(database)}`)
  for (const [name] of names) {
    const [row = []] = await inCharset(donor, `SHOW CREATE ${kind} ${identifier(text(name))}`, charset)
    await speak(joiner, text(row[charset]), text(row[charset + 1]))
    await joiner.execute(`SET SESSION sql_mode = ${literal(text(row[1]))}, ${own(row)}`)
    await joiner.execute(orReplace(row[statement]))
  }
  await speak(joiner, 'utf8mb4', 'utf8mb4_general_ci')
  await joiner.execute(`SET SESSION sql_mode = '${LOADING_MODE}', ${usual}`)
}

const orReplace = (statement: Value | undefined) => Buffer.concat([Buffer.from('CREATE OR REPLACE'), bytesOf(statement).subarray('CREATE'.length)])

/** The result of a SHOW CREATE in the character set that it names itself in field `at`. */
async function inCharset(donor: Wire, show: string, at: number): Promise<readonly (readonly Value[])[]> {
  const [first] = await donor.rows(show)
  if (first === undefined) return []
  await donor.execute(`SET SESSION character_set_results = ${literal(text(first[at]))}`)
  try {
    return await donor.rows(show)
  } finally {
    await donor.execute('SET SESSION character_set_results = NULL')
  }
}

const speak = (joiner: Wire, charset: string, collation: string) => joiner.execute(`SET SESSION character_set_client = ${literal(charset)}, collation_connection = ${literal(collation)}`)

function bytesOf(value: Value | undefined): Buffer {
  if (value === null || value === undefined) throw new Error('SHOW CREATE answered without a statement')
  return value
}
