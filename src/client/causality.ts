import type { Counters } from './counters.ts'
import { failureOf } from './failure.ts'
import type { Cluster } from './nodes/cluster.ts'
import type { Link } from './nodes/link.ts'
import type { Node } from './nodes/node.ts'
import type { Settings } from './options.ts'

/**
 * Reads see what this pool has written. A write costs nothing more; the first read elsewhere asks the node that was written to how far it is
 * (WSREP_LAST_SEEN_GTID), and waits on its own node until that is applied there (WSREP_SYNC_WAIT_UPTO_GTID). What a node is known to have applied
 * is remembered.
 */
export class Causality {
  readonly #cluster: Cluster
  readonly #counters: Counters
  #written: Node | null = null
  #writes = 0
  /** How many of the writes `#target` covers. */
  #covered = 0
  #target = { gtid: '', seqno: -1n }
  #asking: { readonly covers: number; readonly done: Promise<void> } | null = null

  constructor(cluster: Cluster, counters: Counters) {
    this.#cluster = cluster
    this.#counters = counters
  }

  /** Something was committed there. */
  wrote(node: Node): void {
    this.#written = node
    this.#writes++
  }

  /** Whether the node is known to be so far. */
  isReached(node: Node, { consistency }: Settings): boolean {
    return consistency !== 'session' || this.#writes === 0 || node === this.#written || (this.#covered === this.#writes && node.applied >= this.#target.seqno)
  }

  /** @returns whether the node is so far, or came so far in time; a promise only where that is not known at once. Rejects as a statement does. */
  reaches(node: Node, link: Link, settings: Settings): boolean | Promise<boolean> {
    return this.isReached(node, settings) || this.#wait(node, link, settings.causalTimeout)
  }

  async #wait(node: Node, link: Link, milliseconds: number): Promise<boolean> {
    await this.#cover(this.#writes)
    const { gtid, seqno } = this.#target
    if (node.applied >= seqno) return true
    this.#counters.causalWaits++
    try {
      await link.rows(`SELECT WSREP_SYNC_WAIT_UPTO_GTID('${gtid}', ${Math.max(1, Math.ceil(milliseconds / 1_000))})`)
    } catch (error) {
      // ER_LOCK_WAIT_TIMEOUT: it was not applied in time.
      if (failureOf(error) !== 'statement') throw error
      this.#counters.causalTimeouts++
      return false
    }
    if (seqno > node.applied) node.applied = seqno
    return true
  }

  /** Until the target is beyond as many writes. One question serves all that wait. */
  async #cover(writes: number): Promise<void> {
    while (this.#covered < writes) {
      this.#asking ??= this.#ask()
      await this.#asking.done
    }
  }

  #ask(): { readonly covers: number; readonly done: Promise<void> } {
    const covers = this.#writes
    const written = this.#written
    const ask = async () => {
      try {
        const gtid = await this.#position(written)
        this.#target = { gtid, seqno: BigInt(gtid.split('-').at(-1) ?? '-1') }
        this.#covered = covers
      } finally {
        this.#asking = null
      }
    }
    return { covers, done: ask() }
  }

  /** Of a node that is gone, what was acknowledged there is ordered before whatever another node is asked now (wsrep_sync_wait). */
  async #position(written: Node | null): Promise<string> {
    const of = async (node: Node, link: Link, sql: string) => {
      try {
        const [row] = await link.rows(sql)
        return String(row?.['gtid'] ?? '')
      } finally {
        node.release(link)
      }
    }
    if (written !== null && written.health?.state !== 'out') {
      try {
        return await of(written, await written.acquire(), 'SELECT WSREP_LAST_SEEN_GTID() AS gtid')
      } catch (error) {
        this.#cluster.heard(written, error)
      }
    }
    const { node, link } = await this.#cluster.take('write', performance.now() + 30_000)
    const gtid = await of(node, link, 'SET STATEMENT wsrep_sync_wait = 1 FOR SELECT WSREP_LAST_SEEN_GTID() AS gtid')
    if (this.#written === written) this.#written = node
    return gtid
  }
}
