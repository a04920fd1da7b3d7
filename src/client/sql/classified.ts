import type { Work } from '../nodes/link.ts'
import { classify } from './classify.ts'
import type { Statement } from './statement.ts'

/** Applications send few texts many times, but those with values in them only once. */
const KEPT = 2_000
const LONGEST_KEPT = 4_000

const known = new Map<string, Statement>()

/** What kind of statement is sent. */
export const statementOf = ({ options, text }: Work): Statement => classified(text ?? options.sql)

/** classify, remembered. */
export function classified(sql: string): Statement {
  const found = known.get(sql)
  if (found !== undefined) return found
  const statement = classify(sql)
  if (sql.length > LONGEST_KEPT) return statement
  if (known.size >= KEPT) known.delete(known.keys().next().value as string)
  known.set(sql, statement)
  return statement
}
