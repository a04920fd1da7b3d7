import { text } from './catalog.ts'
import { identifier, literal, type Projection } from './columns.ts'
import type { Piece } from './plan.ts'
import type { TextSink, Wire } from './wire.ts'

/** Names the table in SQL. */
export const tableName = ({ database, name }: { readonly database: string; readonly name: string }) => `${identifier(database)}.${identifier(name)}`

/** Fields, rows and escapes as RowText writes them. */
const TEXT = "CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'"

/** So many warnings tell what is the matter. */
const FEW = 3

/** The statement that loads such text, whatever the file is called. */
export const loadStatement = (file: string, into: string, { columns }: Projection) => `LOAD DATA LOCAL INFILE ${literal(file)} INTO TABLE ${into} ${TEXT} (${columns})`

export interface RowsOf {
  /** The SELECT behind `SELECT columns`. */
  readonly from: string
  /** The table that is loaded. */
  readonly into: string
  readonly projection: Projection
}

/**
 * Streams rows from the donor's session into a LOAD DATA of the joiner's; neither side holds more than some parts.
 * `count` gets the bytes of each part. Rejects with what failed first; the sessions are of no use then.
 * @returns what the joiner warned of, which is nothing where both hold the same; shortened
 */
export async function copyRows(donor: Wire, joiner: Wire, { from, into, projection }: RowsOf, count: (bytes: number) => void): Promise<readonly string[]> {
  const read = Promise.withResolvers<number>()
  const loaded = joiner.load(loadStatement('donor', into, projection), (sink, end) => {
    const counted: TextSink = { ...sink, write: (text, rowsEnd) => {
      count(text.length)
      sink.write(text, rowsEnd)
    } }
    const readAll = async () => {
      const rows = await donor.read(`SELECT ${projection.select} FROM ${from}`, counted)
      end()
      return rows
    }
    // On an error the file must not end, or a part would count as the whole.
    readAll().then(read.resolve, read.reject)
  })
  const [sent, taken] = await Promise.all([read.promise, loaded])
  const warnings = await warningsOf(joiner, into)
  // LOAD DATA LOCAL leaves out what it can't take, with a warning.
  if (sent !== taken) throw new Error(`the joiner took ${taken} of ${sent} rows of ${from}: ${warnings.join('; ')}`)
  return warnings
}

/** What the session's last statement, which loaded this table, warned of; shortened. */
export async function warningsOf(loader: Wire, into: string): Promise<readonly string[]> {
  return (await loader.rows(`SHOW WARNINGS LIMIT ${FEW}`)).map(([, , message]) => `${into}: ${text(message)}`)
}

/** The rows of a piece, of a versioned table with those of the past. */
export function rowsOf({ table, range }: Piece, projection: Projection): RowsOf {
  const history = table.kind === 'versioned' ? ' FOR SYSTEM_TIME ALL' : ''
  return { from: `${tableName(table)}${history}${where(range)}`, into: tableName(table), projection }
}

function where(range: Piece['range']): string {
  if (range === null) return ''
  const column = identifier(range.column)
  const bounds = [...(range.from === null ? [] : [`${column} >= ${range.from}`]), ...(range.to === null ? [] : [`${column} < ${range.to}`])]
  return bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`
}
