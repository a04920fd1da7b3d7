import { LOADING_MODE } from '../../sst/sessions.ts'
import type { Statement } from '../../sst/wire.ts'

/** What every script begins with, so that each can be run alone and by hand. */
const PRELUDE: readonly Statement[] = [
  'SET NAMES utf8mb4 COLLATE utf8mb4_general_ci',
  `SET SESSION sql_mode = '${LOADING_MODE}', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0, check_constraint_checks = 0, innodb_strict_mode = OFF, system_versioning_insert_history = ON, enforce_storage_engine = NULL`,
  // Otherwise a character set without a collation would not mean what it meant where it was written.
  "/*M!110200 SET SESSION character_set_collations = '' */",
]

const USUAL_DELIMITER = ';;'
const FIRST_LINE = /^DELIMITER (\S+)\n/

/**
 * Statements as a file for the client `mariadb`. Each ends with a line that has the delimiter alone, which is in none of
 * them. Their bytes stay as they are: some are in other character sets.
 */
export function formatScript(statements: readonly Statement[]): Buffer {
  const all = [...PRELUDE, ...statements].map((statement) => (typeof statement === 'string' ? Buffer.from(statement) : statement))
  let delimiter = USUAL_DELIMITER
  for (let more = 1; all.some((statement) => statement.includes(delimiter)); more++) delimiter = `${USUAL_DELIMITER}${more}`
  const end = Buffer.from(`\n${delimiter}\n`)
  return Buffer.concat([Buffer.from(`DELIMITER ${delimiter}\n`), ...all.flatMap((statement) => [statement, end])])
}

/** @returns null where it is no such script, or not whole */
export function parseScript(script: Buffer): readonly Buffer[] | null {
  const delimiter = FIRST_LINE.exec(script.toString('latin1', 0, 100))?.[1]
  if (delimiter === undefined) return null
  const end = `\n${delimiter}\n`
  const statements: Buffer[] = []
  let at = `DELIMITER ${delimiter}\n`.length
  for (let next = script.indexOf(end, at); next >= 0; next = script.indexOf(end, at)) {
    statements.push(script.subarray(at, next))
    at = next + end.length
  }
  return at === script.length ? statements : null
}
