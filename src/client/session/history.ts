import type { Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'

/** One statement of a transaction, and what the application was told. */
export interface Entry {
  /** The application's text, for people: values are not in it, unless the application has put them there. */
  readonly shown: string
  readonly work: Work
  /** Of its answer, or the number of its error. */
  readonly told: string
  /** The id that one row was given; null where there was none, or several. */
  readonly insertId: number | string | null
  /** The time that it was run at, seconds with fractions; null where its answer can't show it. */
  readonly timestamp: string | null
}

/** What a transaction has done, to do it again elsewhere. */
export class History {
  readonly entries: Entry[] = []
  /** Why it can't be repeated; null: it can. */
  spoilt: string | null = null
  #bytes = 0
  readonly #limits: Pick<Settings, 'historyLimit' | 'historyBytes'>

  constructor(limits: Pick<Settings, 'historyLimit' | 'historyBytes'>) {
    this.#limits = limits
  }

  add(entry: Entry): void {
    if (this.spoilt !== null) return
    this.#bytes += entry.work.options.sql.length + entry.told.length + bytesOf(entry.work.options.values)
    if (this.entries.length >= this.#limits.historyLimit) this.spoil(`it has more than ${this.#limits.historyLimit} statements (historyLimit)`)
    else if (this.#bytes > this.#limits.historyBytes) this.spoil(`its statements need more than ${this.#limits.historyBytes} bytes (historyBytes)`)
    else this.entries.push(entry)
  }

  spoil(why: string): void {
    this.spoilt ??= why
    this.entries.length = 0
  }
}

function bytesOf(values: unknown): number {
  if (!Array.isArray(values)) return 0
  return values.reduce((sum: number, value: unknown) => sum + (typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8), 0)
}

/** The application may go on to use its buffers, arrays and dates for something else. Throws for what can't be copied so that it is sent the same. */
export function keptValues(values: unknown): unknown {
  if (values === undefined || values === null) return values
  if (!Array.isArray(values)) throw new TypeError('values that are no array')
  return values.map(keptValue)
}

function keptValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (value instanceof Date) return new Date(value)
  const plain = Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value)
  if (!plain || 'toJSON' in value) throw new TypeError(`a value of class ${value.constructor?.name}`)
  // As mysql2 sends it.
  return JSON.parse(JSON.stringify(value)) as unknown
}
