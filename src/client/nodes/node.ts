import { EventEmitter } from 'node:events'
import type { Connection } from 'mysql2'
import type { Resolved } from '../options.ts'
import type { Health } from './health.ts'
import { Link } from './link.ts'

/** One node of the cluster, with its connections. Emits `change` when it may be fit for other work than before. */
export class Node extends EventEmitter {
  readonly name: string
  readonly priority: number
  readonly local: boolean
  readonly #connection: Resolved['nodes'][number]['connection']
  readonly #opened: (connection: Connection) => void
  /** Null before it was first looked at. */
  health: Health | null = null
  /** Its own name in the cluster, by which all processes order the nodes; the address until it is known. */
  identity: string
  /** It was looked at, whatever came of it. */
  looked = false
  /** An operator lets it rest. */
  resting = false
  /** The same server goes by another address too. */
  twin = false
  /** The last failure to reach it; null once it was reached. */
  error: Error | null = null
  /** The newest write that is known to be applied there, as the last number of its GTID. */
  applied = -1n
  /** Connections that are in use. */
  busy = 0
  readonly #free: Link[] = []
  readonly #links = new Set<Link>()
  #closed = false

  constructor({ name, priority, local, connection }: Resolved['nodes'][number], opened: (connection: Connection) => void) {
    super()
    this.name = name
    this.identity = name
    this.priority = priority
    this.local = local
    this.#connection = connection
    this.#opened = opened
  }

  /** It gets no new work. */
  get drained(): boolean {
    return this.resting || this.twin
  }

  /** One that is free; null where a new one would have to be made. */
  acquireFree(): Link | null {
    const free = this.#free.pop()
    if (free === undefined) return null
    this.busy++
    return free
  }

  /** One that is free, or a new one. Rejects with what mysql2 reports. */
  async acquire(): Promise<Link> {
    const free = this.#free.pop()
    this.busy++
    if (free !== undefined) return free
    const link = this.connect()
    try {
      await link.ready
      // Where a transaction begins and ends is for the session to say.
      if (this.health?.autocommit === false) await link.rows('SET autocommit = 1')
    } catch (error) {
      this.busy--
      link.kill(error as Error)
      throw error
    }
    this.#opened(link.connection)
    return link
  }

  /** A new one, which counts as no work. */
  connect(): Link {
    const link = new Link(this.#connection)
    this.#links.add(link)
    link.onDead(() => {
      this.#links.delete(link)
      const at = this.#free.indexOf(link)
      if (at >= 0) this.#free.splice(at, 1)
    })
    return link
  }

  /** Whether a connection that is in use goes by this threadId in the application. */
  hasTold(threadId: number): boolean {
    return [...this.#links].some((link) => link.told && link.connection.threadId === threadId)
  }

  release(link: Link): void {
    this.busy--
    link.told = false
    if (link.dead !== null) return
    if (link.tainted || this.#closed) link.close()
    else {
      link.idleSince = performance.now()
      this.#free.push(link)
    }
  }

  /** What was learned of it. */
  learn(health: Health, identity: string | null = null): void {
    const before = this.health
    this.health = health
    if (identity !== null && identity !== '') this.identity = identity
    if (health.state !== before?.state || health.readOnly !== before.readOnly) this.emit('change', before)
  }

  /** It runs nothing at present; its connections live. */
  out(why: string): void {
    this.learn({ state: 'out', why, readOnly: this.health?.readOnly ?? false, members: this.health?.members ?? [], address: this.health?.address ?? null, idStep: this.health?.idStep ?? 1, autocommit: this.health?.autocommit ?? true })
  }

  /** It is not reached: whatever is under way there fails now, and can be repeated elsewhere. */
  lost(error: Error): void {
    this.error = error
    for (const link of this.#links) link.kill(lostNode(this.name, error))
    this.out(error.message)
  }

  /** It takes no new connection. */
  refuses(error: Error): void {
    this.error = error
    this.out(error.message)
  }

  /** It did not answer in time: no new work, and reads, which can be repeated elsewhere, wait no longer. */
  suspect(error: Error): void {
    for (const link of this.#links) if (link.repeatable) link.kill(lostNode(this.name, error))
    this.out(error.message)
  }

  /** Closes what was idle for longer than `milliseconds`. */
  sweep(milliseconds: number): void {
    const now = performance.now()
    while (this.#free[0] !== undefined && now - this.#free[0].idleSince > milliseconds) this.#free.shift()?.close()
  }

  /** When nothing is under way any more. */
  close(): void {
    this.#closed = true
    this.#free.length = 0
    for (const link of this.#links) link.close()
  }
}

const lostNode = (name: string, cause: Error): Error => Object.assign(new Error(`node ${name} is not reached: ${cause.message}`, { cause }), { code: 'GALERA_NODE_LOST' })
