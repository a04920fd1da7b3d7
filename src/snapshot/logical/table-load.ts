import { OutsideError } from '../../errors.ts'
import type { LoadSessions } from './load-sessions.ts'
import type { CountedTable, TableRecord } from './records.ts'
import { RowStream } from './row-stream.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { RANGE_BYTES, RANGE_LANES } from '../../sst/inventory.ts'
import type { Wire } from '../../sst/wire.ts'

/**
 * The rows of one table on their way from the archive. InnoDB loads in bulk what comes in one statement into an empty table:
 * one session takes all files then. Otherwise whichever session is free takes the next file.
 */
export class TableLoad {
  readonly #sessions: LoadSessions
  readonly #record: TableRecord
  readonly #statement: Buffer
  readonly #inBulk: boolean
  readonly #warnings: string[] = []
  #rows = 0
  #stream: { readonly wire: Wire; readonly rows: RowStream } | null = null
  #loading: Promise<void>[] = []

  constructor(sessions: LoadSessions, record: TableRecord, statement: Buffer, lanes: number) {
    this.#sessions = sessions
    this.#record = record
    this.#statement = statement
    this.#inBulk = record.bulk && (lanes < RANGE_LANES || record.bytes <= RANGE_BYTES)
  }

  /** The next text of a file; resolves when more can be taken. */
  async take(text: Buffer): Promise<void> {
    this.#stream ??= await this.#open()
    await this.#stream.rows.push(text)
  }

  /** A file ends here. */
  endFile(): void {
    if (!this.#inBulk) this.#close()
  }

  /** All files were taken. @throws OutsideError `rows-differ` when it is loaded and has not as many rows */
  end(expected: number): void {
    this.#close()
    this.#sessions.run(this.#requireRows(expected))
  }

  async #requireRows(expected: number): Promise<void> {
    await Promise.all(this.#loading)
    if (this.#rows !== expected)
      throw new OutsideError('rows-differ', `${this.#name}: ${this.#rows} of ${expected} rows could be loaded${this.#warnings.map((warning) => `; ${warning}`).join('')}`, 'Look at the warnings: a server of another series, or with other settings, may not take them.')
  }

  get counted(): CountedTable {
    return { schema: this.#record.schema, name: this.#record.name, rows: this.#rows }
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  get #name(): string {
    return tableName({ database: this.#record.schema, name: this.#record.name })
  }

  async #open(): Promise<{ wire: Wire; rows: RowStream }> {
    const wire = await (this.#inBulk ? this.#sessions.keep() : this.#sessions.take())
    // Checks of uniqueness keep InnoDB from loading in bulk, for which the sessions would wait for each other.
    await wire.execute(`SET SESSION unique_checks = ${this.#inBulk ? 0 : 1}`)
    return { wire, rows: new RowStream(wire, this.#name, this.#statement) }
  }

  #close(): void {
    if (this.#stream === null) return
    const { wire, rows } = this.#stream
    this.#stream = null
    const loading = this.#finish(wire, rows)
    this.#loading.push(loading)
    this.#sessions.run(loading)
  }

  async #finish(wire: Wire, stream: RowStream): Promise<void> {
    const { rows, warnings } = await stream.end().catch((error: Error) => {
      throw new OutsideError('load-failed', `the rows of ${this.#name} could not be loaded: ${error.message}`, 'Look at the message and at the log of the server.', { cause: error })
    })
    this.#rows += rows
    this.#warnings.push(...warnings)
    if (this.#inBulk) this.#sessions.giveKept(wire)
    else this.#sessions.give(wire)
  }
}
