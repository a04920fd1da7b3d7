import { type Ledger, newLedger } from '../../src/galera/ledger.ts'

/** A gear's ledger as the shipped store keeps it: a change is seen when it is durable, and a crash leaves the old one or the new one. */
export class SimLedger {
  #ledger: Ledger
  #written: Ledger | null = null

  constructor(name: string) {
    this.#ledger = newLedger(name)
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  /** Between the write and its fsync anything may happen. */
  *update(change: (ledger: Ledger) => Ledger): Generator<void, void> {
    this.#sync()
    const next = change(this.#ledger)
    if (next === this.#ledger) return
    this.#written = next
    yield
    this.#sync()
  }

  /** A write whose writer nobody can see waiting. */
  write(change: (ledger: Ledger) => Ledger): void {
    this.#sync()
    this.#ledger = change(this.#ledger)
  }

  /** `reached`: whether a write without its fsync is on the disk all the same. */
  crash(reached: boolean): void {
    if (reached) this.#sync()
    this.#written = null
  }

  #sync(): void {
    this.#ledger = this.#written ?? this.#ledger
    this.#written = null
  }
}
