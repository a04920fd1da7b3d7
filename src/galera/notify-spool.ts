/** What `hooks/notify` appended: each record is its number of arguments and the arguments, each ended by a NUL. */
export interface SpoolContent {
  readonly records: readonly (readonly string[])[]
  /** Bytes that made whole records; the rest is still being written. */
  readonly consumed: number
  /** Records that were no records; reading goes on behind them. */
  readonly malformed: number
}

const MAX_ARGUMENTS = 64
const MAX_RECORD_BYTES = 1_048_576

/** Splits the spool from a record's start. Bytes, not characters: an argument may be anything but NUL. */
export function parseSpool(bytes: Uint8Array): SpoolContent {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: string[][] = []
  let malformed = 0
  let at = 0
  for (;;) {
    const record = readRecord(text, at)
    if (record === 'unfinished' && text.length - at <= MAX_RECORD_BYTES) break
    if (typeof record === 'string') {
      malformed++
      const next = text.indexOf(0, at)
      if (next < 0) return { records, consumed: text.length, malformed }
      at = next + 1
      continue
    }
    records.push(record.fields)
    at = record.end
  }
  return { records, consumed: at, malformed }
}

function readRecord(text: Buffer, from: number): { fields: string[]; end: number } | 'unfinished' | 'malformed' {
  const fields: string[] = []
  let at = from
  let count = 0
  for (let index = -1; index < count; index++) {
    const end = text.indexOf(0, at)
    if (end < 0) return 'unfinished'
    const field = text.toString('utf8', at, end)
    at = end + 1
    if (index >= 0) fields.push(field)
    else if (/^\d{1,2}$/.test(field) && Number(field) <= MAX_ARGUMENTS) count = Number(field)
    else return 'malformed'
  }
  return { fields, end: at }
}
