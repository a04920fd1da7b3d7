import { join } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { waitFor } from '../../src/system/wait.ts'
import type { TestNode } from './cluster.ts'

/** The only writer of a cluster: rows into app.ledger one after the other; for each that was acknowledged it keeps the seqno of its write-set. */
export class SeqnoWriter {
  readonly acknowledged: { readonly id: number; readonly seqno: bigint; readonly at: number }[] = []
  readonly #working: Promise<void>
  #ended = false

  constructor(node: TestNode, from = 1) {
    this.#working = this.#write(node, from)
  }

  reached(count: number): Promise<true> {
    return waitFor(`${count} rows to be acknowledged`, async () => (this.acknowledged.length >= count ? true : undefined), { timeout: 60_000, interval: 5 })
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#working
  }

  async #write(node: TestNode, from: number): Promise<void> {
    const sql: Connection = await createConnection({ socketPath: join(node.gear, 'run/mariadbd.sock'), user: 'root', database: 'app' })
    try {
      for (let id = from; !this.#ended; id++) {
        await sql.query('INSERT INTO ledger VALUES (?)', [id])
        const at = Date.now()
        const [rows] = await sql.query<RowDataPacket[]>("SHOW STATUS LIKE 'wsrep_last_committed'")
        this.acknowledged.push({ id, seqno: BigInt(String(rows[0]?.['Value'])), at })
      }
    } finally {
      sql.destroy()
    }
  }
}
