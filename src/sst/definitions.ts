import { readColumns, type Table, text } from './catalog.ts'
import { identifier, literal } from './columns.ts'
import { tableName } from './copy-rows.ts'
import type { Value } from './row-values.ts'
import { LOADING_MODE } from './sessions.ts'
import type { Statement, Wire } from './wire.ts'

/*
 * Definitions as statements that make the same on another server. Each leaves the session as it found it: utf8mb4,
 * LOADING_MODE, UTC.
 */

export async function databaseStatements(donor: Wire, name: string): Promise<readonly Statement[]> {
  const [row] = await donor.rows(`SHOW CREATE DATABASE ${identifier(name)}`)
  return [bytesOf(row?.[1])]
}

/** A table without its rows. Its comments and defaults are utf8mb4, whatever the columns are. */
export async function tableStatements(donor: Wire, table: Table): Promise<readonly Statement[]> {
  const [row] = await donor.rows(`SHOW CREATE TABLE ${tableName(table)}`)
  const statement = bytesOf(row?.[1])
  return [use(table.database), table.engine === 'ARCHIVE' ? countingAnew(statement) : statement]
}

/** ARCHIVE takes no row whose number is below the next one. */
function countingAnew(statement: Buffer): Buffer {
  return Buffer.from(statement.toString('latin1').replace(/(\n\) ENGINE=ARCHIVE) AUTO_INCREMENT=\d+/, '$1'), 'latin1')
}

/** A sequence with its next value; what the donor has reserved in its cache counts as used. */
export async function sequenceStatements(donor: Wire, sequence: Table): Promise<readonly Statement[]> {
  const [created] = await donor.rows(`SHOW CREATE SEQUENCE ${tableName(sequence)}`)
  const [row = []] = await donor.rows(`SELECT * FROM ${tableName(sequence)}`)
  return [use(sequence.database), bytesOf(created?.[1]), `INSERT INTO ${tableName(sequence)} VALUES (${row.map((value) => literal(text(value))).join(', ')})`]
}

/** For each view a stand-in with the same column names, as views may use each other in any order. `broken`: views that the donor itself can't use any more. */
export async function standInStatements(donor: Wire, database: string, views: readonly Table[]): Promise<{ readonly statements: readonly Statement[]; readonly broken: readonly Table[] }> {
  if (views.length === 0) return { statements: [], broken: [] }
  const columns = await readColumns(donor, database)
  const usable = views.filter((view) => (columns.get(view.name) ?? []).length > 0)
  const statements = usable.map((view) => `CREATE VIEW ${tableName(view)} AS SELECT ${(columns.get(view.name) ?? []).map((column) => `1 AS ${identifier(column.name)}`).join(', ')}`)
  return { statements, broken: views.filter((view) => !usable.includes(view)) }
}

/** Views in the place of their stand-ins, each in the character set in which it was made. */
export async function viewStatements(donor: Wire, database: string, views: readonly Table[]): Promise<readonly Statement[]> {
  if (views.length === 0) return []
  const statements: Statement[] = [use(database)]
  await donor.execute(use(database))
  for (const view of views) {
    const [row = []] = await inCharset(donor, `SHOW CREATE VIEW ${identifier(view.name)}`, 2)
    statements.push(speak(text(row[2]), text(row[3])), orReplace(row[1]))
  }
  return [...statements, USUAL_CHARSET]
}

/** In the order in which they act, each with the SQL mode, time and character sets of its making. */
export async function triggerStatements(donor: Wire, database: string): Promise<readonly Statement[]> {
  const named = await donor.rows(`SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE ${isExactly('TRIGGER_SCHEMA', database)} ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`)
  // Trigger, sql_mode, statement, character_set_client, collation_connection, database collation, created.
  return remake(donor, database, named.map(([name]) => ({ show: `TRIGGER ${identifier(text(name))}`, statement: 2, own: (row) => `, timestamp = UNIX_TIMESTAMP(${literal(text(row[6]))})` })), ', timestamp = DEFAULT')
}

export async function eventStatements(donor: Wire, database: string): Promise<readonly Statement[]> {
  const named = await donor.rows(`SELECT EVENT_NAME FROM information_schema.EVENTS WHERE ${isExactly('EVENT_SCHEMA', database)}`)
  // Event, sql_mode, time_zone, statement, character_set_client, collation_connection, database collation.
  return remake(donor, database, named.map(([name]) => ({ show: `EVENT ${identifier(text(name))}`, statement: 3, own: (row) => `, time_zone = ${literal(text(row[2]))}` })), ", time_zone = '+00:00'")
}

/** Procedures, functions and packages; a package before its body. */
export async function routineStatements(donor: Wire, database: string): Promise<readonly Statement[]> {
  const named = await donor.rows(`SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${isExactly('ROUTINE_SCHEMA', database)} ORDER BY ROUTINE_TYPE, ROUTINE_NAME`)
  // Routine, sql_mode, statement, character_set_client, collation_connection, database collation.
  return remake(donor, database, named.map(([type, name]) => ({ show: `${text(type)} ${identifier(text(name))}`, statement: 2, own: () => '' })), '')
}

interface Remade {
  /** What stands behind SHOW CREATE. */
  readonly show: string
  /** Field of the answer; the character set and the collation stand behind it, the SQL mode is the second. */
  readonly statement: number
  /** What else is set while it is made. */
  readonly own: (row: readonly Value[]) => string
}

async function remake(donor: Wire, database: string, all: readonly Remade[], usual: string): Promise<readonly Statement[]> {
  if (all.length === 0) return []
  const statements: Statement[] = [use(database)]
  await donor.execute(use(database))
  for (const { show, statement, own } of all) {
    const [row = []] = await inCharset(donor, `SHOW CREATE ${show}`, statement + 1)
    statements.push(speak(text(row[statement + 1]), text(row[statement + 2])), `SET SESSION sql_mode = ${literal(text(row[1]))}${own(row)}`, orReplace(row[statement]))
  }
  return [...statements, USUAL_CHARSET, `SET SESSION sql_mode = '${LOADING_MODE}'${usual}`]
}

/** There case does not count, but `SYS` may be somebody's. */
const isExactly = (column: string, name: string) => `${column} = ${literal(name)} AND BINARY ${column} = ${literal(name)}`

const use = (database: string) => `USE ${identifier(database)}`

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

const speak = (charset: string, collation: string) => `SET SESSION character_set_client = ${literal(charset)}, collation_connection = ${literal(collation)}`
const USUAL_CHARSET = speak('utf8mb4', 'utf8mb4_general_ci')

function bytesOf(value: Value | undefined): Buffer {
  if (value === null || value === undefined) throw new Error('SHOW CREATE answered without a statement')
  return value
}
