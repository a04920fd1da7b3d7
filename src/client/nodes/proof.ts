import type { Link } from './link.ts'

/**
 * A server that hung, or was cut off, says for seconds that it is Synced, in a component that has gone on without it (evs.suspect_timeout [ran]). A
 * causal read is answered only by who reaches the others, or has heard them within evs.causal_keepalive_period (1 s).
 */
const CAUSAL_READ = 'SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1'

/** Who has said Synced for so long is no longer in doubt, though a long ALTER lets causal reads wait. Milliseconds. */
const DOUBTED = 10_000

/** Whether a node that says Synced reaches the others. */
export class Proof {
  readonly #connect: () => Link
  #asking: Promise<boolean> | null = null
  #link: Link | null = null
  #since: number | null = null
  #closed = false

  /** `connect`: it gets a connection of its own, which may have to wait. */
  constructor(connect: () => Link) {
    this.#connect = connect
  }

  /** One question at a time, however often it is asked. Never rejects. */
  ask(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    this.#since ??= performance.now()
    if (performance.now() - this.#since >= DOUBTED) return Promise.resolve(true)
    this.#asking ??= this.#once().finally(() => (this.#asking = null))
    return this.#asking
  }

  /** It is not Synced, or proven to be. */
  forget(): void {
    this.#since = null
  }

  /** Nobody waits for it any more. */
  close(): void {
    this.#closed = true
    this.#link?.kill(new Error('the pool was ended'))
  }

  async #once(): Promise<boolean> {
    const link = this.#connect()
    this.#link = link
    try {
      await link.ready
      await link.rows(CAUSAL_READ)
      return true
    } catch {
      return false
    } finally {
      if (link.dead === null) link.close()
    }
  }
}
