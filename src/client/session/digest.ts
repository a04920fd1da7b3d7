import { createHash } from 'node:crypto'

/** Characters; a longer text is kept as its hash. */
const LONGEST = 256

/** What an answer says, as a text that is equal for equal answers: rows in their order, or what a write reports. Pure. */
export function digestOf(rows: unknown): string {
  const text = isPlain(rows) ? JSON.stringify(rows) : write(rows)
  return text.length > LONGEST ? createHash('sha256').update(text).digest('base64') : text
}

/** Rows of nothing but texts, numbers and dates, as the first one shows: JSON is much faster there. */
function isPlain(rows: unknown): boolean {
  const [first] = Array.isArray(rows) ? (rows as readonly unknown[]) : []
  if (typeof first !== 'object' || first === null) return false
  return Object.values(first).every((value) => value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Date)
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
    default:
      return 'u'
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
  let text = '{'
  for (const name in value) text += `${name.length}:${name}${write((value as Record<string, unknown>)[name])}`
  return `${text}}`
}
