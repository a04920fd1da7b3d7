/** A column as information_schema tells of it. */
export interface Column {
  readonly name: string
  /** `varchar`, `float`, … without length. */
  readonly type: string
  /** Computed from others: it is not loaded. */
  readonly generated: boolean
  /** Begin or end of a row's time in a system-versioned table; loaded, as the past is carried. */
  readonly period: 'start' | 'end' | null
}

/** What to read of one table and where to put it. */
export interface Projection {
  /** Comma-separated expressions, in the order of `columns`. */
  readonly select: string
  readonly columns: string
}

/**
 * How a column is read where its own text would not load to the same bytes: a FLOAT prints six digits, so it is read as
 * the DOUBLE that it is; the others take text without a character set for their binary form [ran].
 */
const READ_AS: Readonly<Record<string, string>> = { float: 'DOUBLE', uuid: 'BINARY(16)', inet6: 'BINARY(16)', inet4: 'BINARY(4)' }

/** The columns as text that loads to the same bytes. */
export function projectionOf(columns: readonly Column[]): Projection {
  const carried = columns.filter(({ generated }) => !generated)
  return {
    select: carried.map(({ name, type }) => (READ_AS[type] === undefined ? identifier(name) : `CAST(${identifier(name)} AS ${READ_AS[type]})`)).join(', '),
    columns: carried.map(({ name }) => identifier(name)).join(', '),
  }
}

/** A name as SQL takes it, whatever it is. */
export const identifier = (name: string) => `\`${name.replaceAll('`', '``')}\``

/** A text as a literal, whatever it is; sql_mode must not have NO_BACKSLASH_ESCAPES. */
export const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
