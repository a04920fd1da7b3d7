/** How many connections an application may hold, and who waits for one. */
export class Leases {
  readonly #limit: number
  readonly #queueLimit: number
  readonly #waits: boolean
  readonly #queue: { readonly grant: () => void; readonly refuse: (error: Error) => void }[] = []
  #held = 0
  #closed = false

  /** `queueLimit`: 0 for none. */
  constructor(limit: number, queueLimit: number, waits: boolean) {
    this.#limit = limit
    this.#queueLimit = queueLimit
    this.#waits = waits
  }

  /** Whether one is free at once; else see `wait`. */
  tryTake(): boolean {
    if (this.#closed || this.#held >= this.#limit) return false
    this.#held++
    return true
  }

  /** Rejects with what mysql2 says in the same case. */
  wait(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('Pool is closed.'))
    if (!this.#waits) return Promise.reject(new Error('No connections available.'))
    if (this.#queueLimit > 0 && this.#queue.length >= this.#queueLimit) return Promise.reject(new Error('Queue limit reached.'))
    return new Promise((grant, refuse) => this.#queue.push({ grant, refuse }))
  }

  giveBack(): void {
    const next = this.#queue.shift()
    if (next === undefined) this.#held--
    else next.grant()
  }

  close(): void {
    this.#closed = true
    for (const { refuse } of this.#queue.splice(0)) refuse(new Error('Pool is closed.'))
  }
}
