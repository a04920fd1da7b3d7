import type { RowReader } from './answer.ts'
import { NULL_FIELD, readLength } from './packets.ts'

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

function fieldsOf(row: Buffer): readonly Value[] {
  const fields: Value[] = []
  for (let at = 0; at < row.length; ) {
    if (row[at] === NULL_FIELD) {
      fields.push(null)
      at++
      continue
    }
    const { value, next } = readLength(row, at)
    at = next + value
    fields.push(row.subarray(next, at))
  }
  return fields
}
