import type { RowReader } from './answer.ts'

const NULL_FIELD = 0xfb

/** A field as bytes; null is NULL. */
export type Value = Buffer | null

/** Collects small rows whole. */
export class RowValues implements RowReader {
  readonly rows: (readonly Value[])[] = []
  #parts: Buffer[] = []

  add(bytes: Buffer, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)))
  }

  endRow(): void {
    this.rows.push(fieldsOf(Buffer.concat(this.#parts)))
    this.#parts = []
  }
}

/** Source: mariadb.com/kb/en/protocol-data-types (length-encoded strings). */
function fieldsOf(row: Buffer): readonly Value[] {
  const fields: Value[] = []
  for (let at = 0; at < row.length; ) {
    const first = row[at++] ?? 0
    if (first === NULL_FIELD) {
      fields.push(null)
      continue
    }
    const width = first < NULL_FIELD ? 0 : first === 0xfc ? 2 : first === 0xfd ? 3 : 8
    const length = width === 0 ? first : row.readUIntLE(at, Math.min(width, 6))
    at += width + length
    fields.push(row.subarray(at - length, at))
  }
  return fields
}
