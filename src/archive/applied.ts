import { parseServerGtid, type ServerGtid } from '../galera/server-gtid.ts'

/** How mariadb-binlog announces a transaction. */
const ANNOUNCED = /^#\d{6} .*\tGTID (\d+-\d+-\d+)\b/
/** More lines than a pipe and the client hold back. */
const MOST_KEPT = 100_000

/** Reads along what mariadb-binlog writes, so that the line of an error names the transaction that it is of. */
export class AppliedLines {
  #line = 1
  #rest = ''
  #kept: { readonly line: number; readonly gtid: ServerGtid }[] = []

  add(chunk: Buffer): void {
    const lines = `${this.#rest}${chunk.toString('latin1')}`.split('\n')
    // Of a long line, that it is no announcement is known by its beginning.
    this.#rest = (lines.pop() ?? '').slice(0, 400)
    for (const line of lines) {
      const gtid = line.startsWith('#') ? ANNOUNCED.exec(line)?.[1] : undefined
      if (gtid !== undefined) this.#kept.push({ line: this.#line, gtid: parseServerGtid(gtid) })
      this.#line++
    }
    if (this.#kept.length > 2 * MOST_KEPT) this.#kept = this.#kept.slice(-MOST_KEPT)
  }

  /** The last transaction before the one that this line (from 1) is of; null: none of these. */
  before(line: number): ServerGtid | null {
    return this.#kept.filter((one) => one.line <= line).at(-2)?.gtid ?? null
  }
}
