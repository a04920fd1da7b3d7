import * as z from 'zod'
import { RefusedError } from '../errors.ts'
import { ledgerSchema, type Ledger, lostLedger, newLedger } from '../galera/ledger.ts'
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

  /**
   * A torn file is never guessed at: it is set aside and told of in `damaged`, or, to look only, left alone. What stood in it is forgotten, so the
   * node counts as having let any of its `peers` go first.
   * @throws RefusedError `ledger-version`, `ledger-name`: the file is sound, and is left as it is
   */
  static async open(path: string, name: string, mode: 'own' | 'look' = 'own', peers: readonly string[] = []): Promise<{ store: LedgerStore; damaged: string | null }> {
    const text = await readIfExists(path)
    if (text === null) return { store: new LedgerStore(path, newLedger(name)), damaged: null }
    const ledger = parseAs(ledgerSchema, text)
    if (ledger !== null && ledger.name === name) return { store: new LedgerStore(path, ledger), damaged: null }
    refuseSound(path, text, name)
    if (mode === 'look') return { store: new LedgerStore(path, newLedger(name)), damaged: path }
    const now = new Date()
    const aside = await setAside(path, 'damaged', now)
    const store = new LedgerStore(path, newLedger(name))
    await store.update(() => lostLedger(name, peers, aside ?? path, now.toISOString()))
    return { store, damaged: aside }
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
    const text = `${JSON.stringify(next, bigintAsText, 1)}\n`
    // What could not be read back would be forgotten at the next start.
    if (parseAs(ledgerSchema, text) === null) throw new Error(`the ledger of ${next.name} was not written: it could not be read back`)
    await writeFileAtomic(this.#path, text, 0o640).catch((error: Error) => {
      this.#failing = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message
      throw error
    })
    this.#failing = null
    this.#ledger = next
  }
}

const headSchema = z.object({ version: z.number().default(1), name: z.string().nullable().default(null) })

/** A ledger of another node or of a newer galeractl is not damaged: what it has promised holds. */
function refuseSound(path: string, text: string, name: string): void {
  const head = parseAs(headSchema, text)
  if (head === null) return
  if (head.version > 1) throw new RefusedError('ledger-version', `${path} is a ledger of version ${head.version}, written by a newer galeractl; this one reads version 1`, 'Run the newer galeractl on this gear.')
  if (head.name !== null && head.name !== name) throw new RefusedError('ledger-name', `${path} is the ledger of node ${JSON.stringify(head.name.slice(0, 64))}, but this gear is to run as ${name}`, 'Look for GALERACTL_NAME in the environment and unset it: a node keeps its name.')
}
