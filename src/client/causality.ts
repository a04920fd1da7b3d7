import type { Counters } from './counters.ts'
import { GaleraClientError, TimeoutError } from './errors.ts'
import { failureOf, isEndOfWait } from './failure.ts'
import type { Cluster } from './nodes/cluster.ts'
import type { Link } from './nodes/link.ts'
import type { Node } from './nodes/node.ts'
import type { Settings } from './options.ts'
import { inTime, isCausal, NOWHERE, type Position, positionOf } from './position.ts'
import { untilReady } from './session/backoff.ts'

interface Told {
  readonly on: Node
  readonly position: Position
}

interface Written {
  /** How often it was written to, and how many of that are up to `position`. */
  writes: number
  covered: number
  position: Position
  /** Who has told the last position by a causal read of its own, and so has all of them. */
  toldBy: { readonly node: Node; readonly writes: number } | null
  asking: Promise<void> | null
}

/** How long a node may take to tell its position where another is gone. Milliseconds. */
const LONGEST_ASK = 30_000
/** What it knows already. Milliseconds. */
const LONGEST_LOOK = 5_000

/**
 * Reads see what this pool has written. A write costs nothing more; the first read elsewhere asks the nodes that were written to how far they are
 * (WSREP_LAST_SEEN_GTID), and waits on its own node until that is applied there: WSREP_SYNC_WAIT_UPTO_GTID, whose time can be bounded, and after it a
 * causal read. The first alone returns when a commit has been given its number, which may be before its rows are seen (wait_gtid_upto of MariaDB's
 * wsrep_mysqld.h [ran: 3 stale reads of 30000 while nodes failed]). What a node is known to have applied is remembered.
 */
export class Causality {
  readonly #cluster: Cluster
  readonly #counters: Counters
  /** For a moment, while the writer changes, there are several. */
  readonly #written = new Map<Node, Written>()

  constructor(cluster: Cluster, counters: Counters) {
    this.#cluster = cluster
    this.#counters = counters
  }

  /** Something was committed there. */
  wrote(node: Node): void {
    const written = this.#written.get(node)
    if (written === undefined) this.#written.set(node, { writes: 1, covered: 0, position: NOWHERE, toldBy: null, asking: null })
    else written.writes++
  }

  /** Whether the node is known to have all that was written: what was written on itself it has. */
  isReached(node: Node, { consistency }: Settings): boolean {
    if (consistency !== 'session') return true
    for (const [one, written] of this.#written) {
      if (!hasAll(node, one, written) && (written.covered < written.writes || node.applied < written.position.seqno)) return false
    }
    return true
  }

  /** @returns whether the node has all that was written, or came so far in time; a promise only where that is not known at once. `only`: there is no other node to go to. Rejects as a statement does, and where nobody told by `deadline` (performance.now) how far the writer is. */
  reaches(node: Node, link: Link, settings: Settings, deadline: number, only = false): boolean | Promise<boolean> {
    return this.isReached(node, settings) || this.#wait(node, link, settings.causalTimeout, deadline, only)
  }

  async #wait(node: Node, link: Link, milliseconds: number, deadline: number, only: boolean): Promise<boolean> {
    deadline = Math.max(deadline, performance.now() + milliseconds)
    let { gtid, seqno } = NOWHERE
    for (const [one, written] of this.#written) {
      if (hasAll(node, one, written)) continue
      await this.#cover(one, written, deadline)
      if (!hasAll(node, one, written) && written.position.seqno > seqno) ({ gtid, seqno } = written.position)
    }
    if (node.applied >= seqno) return true
    const isWriter = node === this.#cluster.writer
    this.#counters.causalWaits++
    const hasTime = only || isWriter
    if (milliseconds === 0 && !hasTime) {
      this.#counters.causalTimeouts++
      return false
    }
    const seconds = Math.max(1, Math.ceil(milliseconds / 1_000))
    try {
      await link.rows(`SELECT WSREP_SYNC_WAIT_UPTO_GTID('${gtid}', ${seconds})`)
    } catch (error) {
      // ER_LOCK_WAIT_TIMEOUT: it was not applied in time.
      if (failureOf(error) !== 'statement') throw error
      this.#counters.causalTimeouts++
      if (!isWriter) return false
      const position = await positionOf(link, 'ordered')
      // It was only slow.
      if (position.seqno >= seqno) reached(node, seqno)
      else this.#beginAnew(position)
      return true
    }
    const time = only ? LONGEST_ASK : Math.min(isWriter ? LONGEST_ASK : seconds * 1_000, Math.max(0, deadline - performance.now()))
    if (!(await isCausal(link, time))) {
      this.#counters.causalTimeouts++
      return false
    }
    reached(node, seqno)
    return true
  }

  /** Where even the writer does not come so far, the numbers are of another history: a snapshot was restored. */
  #beginAnew(position: Position): void {
    for (const one of this.#cluster.nodes) one.applied = -1n
    for (const written of this.#written.values()) if (written.position.seqno > position.seqno) written.position = position
  }

  /** Moves the target beyond what was written there until now. One question serves all that wait. */
  async #cover(node: Node, written: Written, deadline: number): Promise<void> {
    const began = performance.now()
    for (const until = written.writes; written.covered < until; ) {
      written.asking ??= this.#ask(node, written).finally(() => (written.asking = null))
      await this.#within(deadline, began, written.asking)
    }
  }

  /** Who asks first has its own time, and those that join in have theirs. */
  async #within(deadline: number, began: number, asking: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#late(performance.now() - began)), Math.max(0, deadline - performance.now()))
    })
    try {
      await Promise.race([asking, late])
    } catch (error) {
      if (!(error instanceof GaleraClientError) || performance.now() >= deadline) throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #late(milliseconds: number): Error {
    return this.#cluster.writer === null ? this.#cluster.noPrimary(milliseconds) : new TimeoutError(`to ask ${this.#cluster.writer.name} how far it is`, Math.round(milliseconds))
  }

  async #ask(node: Node, written: Written): Promise<void> {
    let { writes } = written
    let told = await this.#seen(node)
    if (told === null) {
      // All connections of a lost node end in the same moment: one question is to do for all.
      await untilReady(0)
      writes = written.writes
      told = await this.#ordered()
      written.toldBy = { node: told.on, writes }
    }
    const { on, position } = told
    if (position.seqno > written.position.seqno) written.position = position
    // What a node tells may be a moment behind what it has applied; only its place in the cluster's order says that the numbers begin anew.
    else if (position.seqno < on.applied) await this.#compare(on)
    written.covered = writes
  }

  async #compare(node: Node): Promise<void> {
    try {
      const link = await node.acquire()
      const position = await inTime(link, LONGEST_ASK, positionOf(link, 'ordered')).finally(() => node.release(link))
      if (position.seqno < node.applied) this.#beginAnew(position)
    } catch (error) {
      // The next who has to wait asks again.
      this.#cluster.heard(node, error)
    }
  }

  /** How far the node itself is; null where it is gone. */
  async #seen(node: Node): Promise<Told | null> {
    if (node.health === null || node.health.state === 'out') return null
    try {
      const link = await node.acquire()
      return { on: node, position: await inTime(link, LONGEST_LOOK, positionOf(link, 'seen')).finally(() => node.release(link)) }
    } catch (error) {
      this.#cluster.heard(node, error)
      return null
    }
  }

  /** What was acknowledged anywhere is ordered before what the writer is asked now. */
  async #ordered(): Promise<Told> {
    const deadline = performance.now() + LONGEST_ASK
    for (let attempt = 0; ; attempt++) {
      const { node, link } = await this.#cluster.take('write', deadline)
      try {
        return { on: node, position: await inTime(link, LONGEST_ASK, positionOf(link, 'ordered')).finally(() => node.release(link)) }
      } catch (error) {
        this.#cluster.heard(node, error)
        if (failureOf(error) === 'statement' && !isEndOfWait(error)) throw error
        if (performance.now() >= deadline) throw new TimeoutError(`to ask ${node.name} how far it is`, LONGEST_ASK, error)
        await untilReady(attempt)
      }
    }
  }
}

/** Without any look at numbers: what was written on itself it has, and what it has waited for to tell of it. */
const hasAll = (node: Node, one: Node, { toldBy, writes }: Written): boolean => node === one || (toldBy !== null && toldBy.node === node && toldBy.writes === writes)

function reached(node: Node, seqno: bigint): void {
  if (seqno > node.applied) node.applied = seqno
}
