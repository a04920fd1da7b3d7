import { type ConnectionOptions, escape as escapeValue, escapeId as escapeName, format as formatText } from 'mysql2'

/** As a connection with these options would write it. */
export const escape = ({ timezone }: ConnectionOptions, value: unknown): string => escapeValue(value as never, false, timezone as never)

export const escapeId = (value: string): string => escapeName(value)

export function format(options: ConnectionOptions, sql: string, values?: unknown): string {
  const { queryFormat } = options as { queryFormat?: (sql: string, values: unknown, timezone: unknown) => string }
  return queryFormat === undefined ? formatText(sql, values as never, options.stringifyObjects, options.timezone as never) : queryFormat(sql, values, options.timezone)
}
