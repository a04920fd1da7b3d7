import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './health.ts'
import type { Host, Peer } from './peer.ts'

/** The ids that the cluster has acknowledged, kept outside of it, in table `ledger`. */
export class Ledger {
  readonly acknowledged = new Set<number>()
  readonly #peer: Peer
  #next = 0

  constructor(peer: Peer) {
    this.#peer = peer
  }

  async create(host: Host): Promise<void> {
    await ask(this.#peer, host, (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY) ENGINE=InnoDB'))
  }

  async write(host: Host, rows: number): Promise<void> {
    await ask(this.#peer, host, async (sql) => {
      for (let row = 0; row < rows; row++) {
        const id = ++this.#next
        await sql.query('INSERT INTO ledger VALUES (?)', [id])
        this.acknowledged.add(id)
      }
    })
  }

  /** The ids on one node, after all that was committed before in its component. */
  async idsOn(host: Host): Promise<ReadonlySet<number>> {
    return ask(this.#peer, host, async (sql) => {
      const [rows] = await sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT id FROM ledger')
      return new Set((rows as { id: number }[]).map(({ id }) => id))
    })
  }

  /** `writer` acknowledges rows that the others have received and can't apply, as their table is locked; `then` happens in that moment. */
  async tail(writer: Host, others: readonly Host[], rows: number, then: () => void): Promise<void> {
    for (const host of others) await this.idsOn(host)
    const before = this.acknowledged.size
    const locks = await Promise.all(others.map(async (host) => {
      const sql = await this.#peer.connect(host)
      sql.on('error', () => undefined)
      await sql.query('LOCK TABLES ledger READ')
      return sql
    }))
    await this.write(writer, rows)
    await delay(300)
    for (const sql of locks) {
      const [found] = await sql.query('SELECT COUNT(*) AS n FROM ledger')
      if ((found as { n: number }[])[0]?.n !== before) throw new Error('the tail was applied on the others: there is no such fault to look at')
    }
    then()
    for (const sql of locks) sql.destroy()
  }
}
