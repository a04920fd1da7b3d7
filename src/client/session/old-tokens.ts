import { randomInt } from 'node:crypto'
import type { Cluster } from '../nodes/cluster.ts'
import { purgeTokens } from './commit-token.ts'

/** Of so many tokens each, twice as many old ones are removed. */
const EACH = 500

/** How long a removal waits for a node, milliseconds. */
const TIMEOUT = 10_000

/** The token table does not grow for ever: whoever adds to it removes what is older than a day. Nothing waits for that, and nothing fails by it. */
export class OldTokens {
  readonly #cluster: Cluster
  readonly #table: string
  /** Processes that live for a few tokens only do their share too. */
  #left = randomInt(EACH)
  #warned = false

  constructor(cluster: Cluster, table: string) {
    this.#cluster = cluster
    this.#table = table
  }

  /** A token was added. */
  added(): void {
    if (this.#left-- > 0) return
    this.#left = EACH
    void this.#remove().catch((error: Error & { sqlState?: string }) => {
      // SQLSTATE 42: access denied. All else passes, and what is left is removed the next time.
      if (error.sqlState?.startsWith('42') !== true || this.#warned) return
      this.#warned = true
      process.emitWarning(`Old rows of ${this.#table} are not removed: ${error.message}`, { code: 'GALERA_OLD_TOKENS', detail: 'Grant the user DELETE on the table, or call pool.purgeTokens() as somebody who may.' })
    })
  }

  async #remove(): Promise<void> {
    const { node, link } = await this.#cluster.take('write', performance.now() + TIMEOUT)
    await link.rows(purgeTokens(this.#table, 24)).finally(() => node.release(link))
  }
}
