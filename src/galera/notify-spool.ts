/** One piece of the spool, in order; `end` is the offset in bytes behind it. */
export type SpoolEntry =
  | { readonly kind: 'record'; readonly args: readonly string[]; readonly end: number }
  | { readonly kind: 'malformed'; readonly text: string; readonly end: number }

export interface SpoolContent {
  readonly entries: readonly SpoolEntry[]
  /** Bytes that are done with; the rest is still being written. */
  readonly consumed: number
}

const MAX_ARGUMENTS = 64
/** Twice what mariadbd can make: its command line has 64 KiB. */
export const MAX_RECORD_BYTES = 131_072
/** As much of a malformed piece is kept for people, bytes. */
const SAMPLE_BYTES = 200

const LESS = 0x3c

/** What `hooks/notify` appends: `<COUNT`, the arguments and `>COUNT`, each ended by a NUL. */
export const formatRecord = (args: readonly string[]): string => [`<${args.length}`, ...args, `>${args.length}`].map((field) => `${field}\0`).join('')

/**
 * Splits the spool from the end of a record on. A record counts only with both its ends, and no argument can hold a NUL, so
 * what is in an argument is never taken for a record. A record that was cut off (a full disk, a killed writer) is told by the
 * next whole one behind it. Zeros between records are where the spool was trimmed.
 */
export function parseSpool(bytes: Uint8Array): SpoolContent {
  const spool = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: SpoolEntry[] = []
  let at = 0
  for (;;) {
    while (at < spool.length && spool[at] === 0) at++
    if (at === spool.length) return { entries, consumed: at }
    const record = readRecord(spool, at)
    if (typeof record !== 'string') {
      entries.push({ kind: 'record', args: record.args, end: record.end })
      at = record.end
      continue
    }
    const next = nextRecord(spool, at)
    if (next === null && record === 'unfinished' && spool.length - at <= MAX_RECORD_BYTES) return { entries, consumed: at }
    const end = next ?? unfinishedFrom(spool, at) ?? spool.length
    entries.push({ kind: 'malformed', text: spool.toString('utf8', at, Math.min(end, at + SAMPLE_BYTES)), end })
    at = end
  }
}

/** Where the first whole record behind `at` begins. */
function nextRecord(spool: Buffer, at: number): number | null {
  return starts(spool, at, (start) => typeof readRecord(spool, start) !== 'string')
}

/** Where a record behind `at` begins that may still become whole. */
function unfinishedFrom(spool: Buffer, at: number): number | null {
  return starts(spool, at, (start) => spool.length - start <= MAX_RECORD_BYTES && readRecord(spool, start) === 'unfinished')
}

function starts(spool: Buffer, at: number, isOne: (start: number) => boolean): number | null {
  for (let start = spool.indexOf(LESS, at + 1); start >= 0; start = spool.indexOf(LESS, start + 1)) if (isOne(start)) return start
  return null
}

function readRecord(spool: Buffer, from: number): { args: readonly string[]; end: number } | 'unfinished' | 'malformed' {
  const head = fieldAt(spool, from)
  if (head === null) return /^<\d{0,2}$/.test(spool.toString('latin1', from, from + 4)) ? 'unfinished' : 'malformed'
  if (!/^<\d{1,2}$/.test(head.text)) return 'malformed'
  const count = Number(head.text.slice(1))
  if (count > MAX_ARGUMENTS) return 'malformed'
  const args: string[] = []
  let at = head.end
  while (args.length < count) {
    const field = fieldAt(spool, at)
    if (field === null) return 'unfinished'
    args.push(field.text)
    at = field.end
  }
  const tail = fieldAt(spool, at)
  const expected = `>${count}`
  if (tail === null) return expected.startsWith(spool.toString('latin1', at)) ? 'unfinished' : 'malformed'
  return tail.text === expected && tail.end - from <= MAX_RECORD_BYTES ? { args, end: tail.end } : 'malformed'
}

function fieldAt(spool: Buffer, from: number): { text: string; end: number } | null {
  const end = spool.indexOf(0, from)
  return end < 0 ? null : { text: spool.toString('utf8', from, end), end: end + 1 }
}
