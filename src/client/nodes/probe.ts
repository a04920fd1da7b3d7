import { type Health, HEALTH_SQL, readHealth, STATUS_SQL } from './health.ts'
import type { Link } from './link.ts'
import type { SqlError } from '../errors.ts'
import { failureOf } from '../failure.ts'
import type { Node } from './node.ts'
import { Proof } from './proof.ts'

class Late extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`)
  }
}

/** Looks at one node again and again, on a connection of its own. */
export class Probe {
  readonly #node: Node
  readonly #interval: number
  readonly #timeout: number
  #timer: NodeJS.Timeout | undefined
  readonly #proof: Proof
  #link: Link | null = null
  #looking = false
  #again = false
  #closed = false
  /** Looks in a row that took too long. */
  #late = 0

  /** Milliseconds. */
  constructor(node: Node, interval: number, timeout: number) {
    this.#node = node
    this.#interval = interval
    this.#timeout = timeout
    this.#proof = new Proof(() => node.connect())
  }

  /** At once; if it looks already, once more. */
  look(): void {
    if (this.#closed) return
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    clearTimeout(this.#timer)
    void this.#once().finally(() => {
      this.#looking = false
      const wait = this.#again ? 0 : this.#interval
      this.#again = false
      if (this.#closed) return
      this.#timer = setTimeout(() => this.look(), wait)
      this.#timer.unref()
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#proof.close()
    this.#drop(new Error('the pool was ended'))
  }

  async #once(): Promise<void> {
    const node = this.#node
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<never>((_, reject) => {
      // An answer that has come while this process was busy counts.
      timer = setTimeout(() => setImmediate(() => reject(new Late(this.#timeout))), this.#timeout)
    })
    try {
      const { health, identity } = await Promise.race([this.#askTwice(), over])
      this.#late = 0
      node.error = null
      const proven = health.state !== 'synced' || node.health?.state === 'synced' || (await Promise.race([this.#proof.ask(), over.catch(() => null)]))
      if (proven === true) this.#proof.forget()
      // A long wait says nothing against the node.
      else if (proven === null) void this.#proof.ask().then((given) => given && this.look())
      node.learn(proven === true ? health : { ...health, state: 'out', why: 'says Synced, but has not answered a causal read yet' }, identity)
    } catch (error) {
      this.#drop(error as Error)
      this.#proof.forget()
      if (this.#closed) return
      this.#late = error instanceof Late ? this.#late + 1 : 0
      // One late answer may be no more than a busy machine: what can't be repeated elsewhere waits for the next.
      if (this.#late === 1) node.suspect(error as Error)
      else if (failureOf(error) === 'refused') node.out('runs no statement (1047)')
      // A server that answers, be it with too many connections, still does what it has begun.
      else if ((error as SqlError).sqlState !== undefined) node.refuses(error as Error)
      else node.lost(error as Error)
    } finally {
      clearTimeout(timer)
      node.looked = true
      node.emit('looked')
    }
  }

  /** That its connection was closed meanwhile says nothing of the node. */
  async #askTwice(): Promise<{ health: Health; identity: string }> {
    if (this.#link === null) return this.#ask()
    try {
      return await this.#ask()
    } catch (error) {
      if (failureOf(error) !== 'lost' || this.#closed) throw error
      this.#link = null
      return this.#ask()
    }
  }

  async #ask(): Promise<{ health: Health; identity: string }> {
    this.#link ??= await this.#connect()
    const link = this.#link
    // One after the other: a node that rejects queries answers the first with an error.
    const status = await link.rows(STATUS_SQL)
    const variables = await link.rows(HEALTH_SQL).catch((error: { errno?: number }) => {
      if (error.errno === 1047) return [{ Variable_name: 'wsrep_on', Value: 'ON' }, { Variable_name: 'wsrep_reject_queries', Value: 'ALL' }]
      throw error
    })
    const values = new Map([...status, ...variables].map((row) => [String(row['Variable_name']), String(row['Value'])]))
    return { health: readHealth(values), identity: values.get('wsrep_node_name') ?? '' }
  }

  async #connect(): Promise<Link> {
    const link = this.#node.connect()
    this.#link = link
    await link.ready
    // A lagging node would let it wait.
    await link.rows('SET SESSION wsrep_sync_wait = 0')
    return link
  }

  #drop(reason: Error): void {
    this.#link?.kill(reason)
    this.#link = null
  }
}
