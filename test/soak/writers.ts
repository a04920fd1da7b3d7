import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import type { TestCluster, TestNode } from '../support/cluster.ts'
import { wrongWith } from '../support/whole.ts'

/** How often each writer writes, milliseconds. */
const PACE = 20

/** A writer on each node, and the ids that the cluster has acknowledged, kept outside of it. */
export class Writers {
  readonly #cluster: TestCluster
  readonly #ids = new Set<number>()
  readonly #loops: Promise<void>[] = []
  #next = 0
  #ended = false

  private constructor(cluster: TestCluster) {
    this.#cluster = cluster
  }

  static async start(cluster: TestCluster): Promise<Writers> {
    const writers = new Writers(cluster)
    const [first] = cluster.nodes
    if (first !== undefined) await cluster.sql(first, (sql) => sql.query('CREATE TABLE ledger (id BIGINT PRIMARY KEY, word VARCHAR(40))'))
    for (const node of cluster.nodes) writers.#loops.push(writers.#write(node))
    return writers
  }

  get acknowledged(): number {
    return this.#ids.size
  }

  /** All that were acknowledged until now. */
  get ids(): readonly number[] {
    return [...this.#ids]
  }

  async stop(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#loops)
  }

  async #write(node: TestNode): Promise<void> {
    const account = await this.#cluster.account(node)
    let connection: Connection | null = null
    while (!this.#ended) {
      try {
        if (connection === null) {
          connection = await createConnection({ socketPath: join(node.gear, 'run/mariadbd.sock'), ...account, connectTimeout: 2_000 })
          // It breaks in the middle of most rounds; without a listener that would end the process.
          connection.on('error', () => undefined)
        }
        const id = ++this.#next
        await Promise.race([connection.query('INSERT INTO ledger VALUES (?, ?)', [id, node.name]), delay(10_000).then(() => Promise.reject(new Error('no answer')))])
        this.#ids.add(id)
      } catch {
        connection?.destroy()
        connection = null
        await delay(200)
      }
      await delay(PACE)
    }
    connection?.destroy()
  }
}

/** As `wrongWith`, when `longest` seconds have not helped. */
export async function verify(cluster: TestCluster, writers: Writers, longest: number, quiet = false): Promise<string | null> {
  const until = performance.now() + longest * 1000
  for (;;) {
    const wrong = await wrongWith(cluster, writers.ids, quiet).catch((error: Error) => error.message)
    if (wrong === null || performance.now() > until) return wrong
    await delay(500)
  }
}
