import { ledgerSchema, type Ledger, newLedger } from '../galera/ledger.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { readIfExists, setAside, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'

/** The gear's ledger on disk. Changes are written one after the other; a change counts when it is durable. */
export class LedgerStore {
  readonly #path: string
  #ledger: Ledger
  #writing: Promise<void> = Promise.resolve()
  #failing: string | null = null

  private constructor(path: string, ledger: Ledger) {
    this.#path = path
    this.#ledger = ledger
  }

  /** A torn or foreign file is never guessed at: it is set aside and told of in `damaged`, or, to look only, left alone. */
  static async open(path: string, name: string, mode: 'own' | 'look' = 'own'): Promise<{ store: LedgerStore; damaged: string | null }> {
    const text = await readIfExists(path)
    if (text === null) return { store: new LedgerStore(path, newLedger(name)), damaged: null }
    const ledger = parseAs(ledgerSchema, text)
    if (ledger !== null && ledger.name === name) return { store: new LedgerStore(path, ledger), damaged: null }
    if (mode === 'look') return { store: new LedgerStore(path, newLedger(name)), damaged: path }
    const aside = await setAside(path, 'damaged', new Date())
    return { store: new LedgerStore(path, newLedger(name)), damaged: aside }
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  get path(): string {
    return this.#path
  }

  /** The name of the error (errno) by which the last write failed; null where it did not. */
  get failing(): string | null {
    return this.#failing
  }

  /** Applies a pure change durably; one that changes nothing writes nothing. Resolves when it is on disk. */
  update(change: (ledger: Ledger) => Ledger): Promise<void> {
    const written = this.#writing.then(() => this.#write(change))
    this.#writing = written.catch(() => undefined)
    return written
  }

  async #write(change: (ledger: Ledger) => Ledger): Promise<void> {
    const next = change(this.#ledger)
    if (next === this.#ledger) return
    await writeFileAtomic(this.#path, `${JSON.stringify(next, bigintAsText, 1)}\n`, 0o640).catch((error: Error) => {
      this.#failing = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message
      throw error
    })
    this.#failing = null
    this.#ledger = next
  }
}
