import { createHash } from 'node:crypto'

/** Characters; a longer text is kept as its hash. */
const LONGEST = 256

/**
 * What an answer says, as a text that is equal for equal answers: rows in their order, or what a write reports. Pure.
 * Throws for values of classes that it does not know, as an application's own typeCast may make them.
 */
export function digestOf(rows: unknown): string {
  const told = Array.isArray(rows) ? (isSeveral(rows) ? rows.map(withoutStatus) : rows) : withoutStatus(rows)
  const text = isPlain(told) ? JSON.stringify(told) : write(told)
  return text.length > LONGEST ? createHash('sha256').update(text).digest('base64') : text
}

/** Of several results the first is rows, or a header of mysql2's class: a row may have columns of the same names. */
function isSeveral([first]: readonly unknown[]): boolean {
  return Array.isArray(first) || (typeof first === 'object' && first !== null && Object.getPrototypeOf(first)?.constructor?.name === 'ResultSetHeader')
}

/** A header without what is of the node and of the moment: whether it was slow, whether an index was used. */
function withoutStatus(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('fieldCount' in value && 'affectedRows' in value)) return value
  const { serverStatus: _status, stateChanges: _changes, ...said } = value as { serverStatus?: unknown; stateChanges?: unknown }
  return said
}

/** Rows of nothing but texts, numbers and dates: JSON is much faster there. */
function isPlain(rows: unknown): boolean {
  if (!Array.isArray(rows)) return false
  for (const row of rows as readonly unknown[]) {
    if (typeof row !== 'object' || row === null) return false
    for (const name in row) if (!isScalar((row as Record<string, unknown>)[name])) return false
  }
  return true
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || value === null || (typeof value === 'number' ? Number.isFinite(value) : value instanceof Date && !Number.isNaN(value.getTime()))
}

/** By type and length, so that no two values look the same. */
function write(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`
    case 'number':
      return `n${value};`
    case 'bigint':
      return `i${value};`
    case 'boolean':
      return value ? 't' : 'f'
    case 'object':
      return value === null ? '0' : writeObject(value)
    case 'undefined':
      return 'u'
    default:
      throw new TypeError(`a ${typeof value} can't be compared`)
  }
}

function writeObject(value: object): string {
  if (Array.isArray(value)) {
    let text = `[${value.length}:`
    for (const one of value) text += write(one)
    return text
  }
  if (Buffer.isBuffer(value)) return `b${value.length}:${value.toString('latin1')}`
  if (value instanceof Date) return `d${value.getTime()};`
  // Rows and headers of mysql2 have classes of their own, with all that they say in plain fields.
  const names = Object.keys(value)
  if (names.length === 0 && Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError(`a ${value.constructor?.name} can't be compared`)
  let text = '{'
  for (const name of names) text += `${name.length}:${name}${write((value as Record<string, unknown>)[name])}`
  return `${text}}`
}
