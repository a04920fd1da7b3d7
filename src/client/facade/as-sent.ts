import type { ConnectionOptions } from 'mysql2'
import type { Work } from '../nodes/link.ts'
import type { Call } from './arguments.ts'
import { formatter } from './driver.ts'

/** The text that the server gets: what is prepared as it is, else with its values in it. */
export function textOf({ protocol, options }: Work, config: ConnectionOptions): string {
  if (protocol === 'execute') return options.sql
  return formatter(config).format(options.sql, options.values ?? [], options.namedPlaceholders)
}

/** With that text where values put SQL into it (mysql2's raw(), a queryFormat of the application's): then only it tells what kind of statement it is. */
export function asSent(call: Call, config: ConnectionOptions): Call {
  const { work } = call
  if (work.protocol === 'execute' || typeof work.options.sql !== 'string' || ((config as { queryFormat?: unknown }).queryFormat === undefined && !holdsSql(work.options.values))) return call
  try {
    return { ...call, work: { ...work, text: textOf(work, config) } }
  } catch {
    // It can't be sent, and why is told when that is tried.
    return call
  }
}

/** Named values, columns and marks are objects; what is in one of them that deep is sent as text. */
const DEEPEST = 4

function holdsSql(value: unknown, depth = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null || depth === 0) return false
  if (typeof (value as { toSqlString?: unknown }).toSqlString === 'function') return true
  if (value instanceof Date || ArrayBuffer.isView(value)) return false
  if (Array.isArray(value)) return value.some((one) => holdsSql(one, depth))
  return [...(value instanceof Set || value instanceof Map ? value.values() : Object.values(value))].some((one) => holdsSql(one, depth - 1))
}
