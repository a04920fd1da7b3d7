import type { Table } from './catalog.ts'

/** How far tables are carried. */
export interface RowProgress {
  readonly stage: string
  readonly tables: number
  /** Those that have been made where they go, and those whose rows are there. */
  readonly tablesMade: number
  readonly tablesDone: number
  /** Bytes of rows that went over. */
  readonly bytes: number
  /** The engines' estimate of all. */
  readonly expectedBytes: number
  /** Milliseconds since it began. */
  readonly elapsed: number
  /** Bytes per second over the last seconds. */
  readonly rate: number
  /** Seconds; null: not known yet. */
  readonly left: number | null
}

/** How far a state transfer is. */
export interface SstProgress extends RowProgress {
  /** Host and port of the joiner. */
  readonly joiner: string
}

/** What a table costs beside its rows, as that many bytes of rows [ran: 5 ms at 50 MiB/s]. */
const TABLE_BYTES = 262_144

/** The rate is that of the last so many milliseconds. */
const WINDOW = 10_000

/** Counts what is carried; the clock in milliseconds is given. */
export class Progress {
  readonly #now: () => number
  readonly #began: number
  #stage = 'connecting'
  #tables = 0
  #tablesMade = 0
  #tablesDone = 0
  #bytes = 0
  #expectedBytes = 0
  /** The estimate for the tables that are done, and what they were. */
  #doneEstimate = 0
  #samples: { readonly at: number; readonly bytes: number; readonly work: number }[] = []

  constructor(now: () => number) {
    this.#now = now
    this.#began = now()
  }

  stage(name: string): void {
    this.#stage = name
  }

  expect({ tables, bytes }: { readonly tables: number; readonly bytes: number }): void {
    this.#tables = tables
    this.#expectedBytes = bytes
  }

  moved(bytes: number): void {
    this.#bytes += bytes
  }

  made(): void {
    this.#tablesMade++
  }

  finished(table: Pick<Table, 'bytes'>): void {
    this.#tablesDone++
    this.#doneEstimate += table.bytes
  }

  /** A look at it; regular looks make the rate. */
  look(): RowProgress {
    const now = this.#now()
    const work = Math.max(this.#doneEstimate, this.#bytes) + this.#tablesDone * TABLE_BYTES
    this.#samples = [...this.#samples.filter(({ at }) => now - at <= WINDOW), { at: now, bytes: this.#bytes, work }]
    const oldest = this.#samples[0] ?? { at: now, bytes: 0, work: 0 }
    const perSecond = (since: number) => (now > oldest.at ? (since * 1000) / (now - oldest.at) : 0)
    const pace = perSecond(work - oldest.work)
    const toCome = Math.max(0, this.#expectedBytes + this.#tables * TABLE_BYTES - work)
    return {
      stage: this.#stage,
      tables: this.#tables,
      tablesMade: this.#tablesMade,
      tablesDone: this.#tablesDone,
      bytes: this.#bytes,
      expectedBytes: this.#expectedBytes,
      elapsed: now - this.#began,
      rate: perSecond(this.#bytes - oldest.bytes),
      left: pace > 0 && this.#stage === 'rows' ? toCome / pace : null,
    }
  }
}

/** One line for logs and screens. */
export function describeProgress({ stage, tables, tablesMade, tablesDone, bytes, expectedBytes, rate, left }: RowProgress): string {
  if (stage === 'definitions' && tables > 0) return `definitions of ${tablesMade} of ${tables} tables`
  if (stage !== 'rows') return stage
  const time = left === null ? '' : `, ${left < 90 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left`
  return `${tablesDone} of ${tables} tables, ${mebibytes(bytes)} of about ${mebibytes(expectedBytes)} MiB, ${mebibytes(rate)} MiB/s${time}`
}

const mebibytes = (bytes: number) => (bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)
