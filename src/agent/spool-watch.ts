import { type FSWatcher, watch } from 'node:fs'
import type { Logger } from '../system/log.ts'

/** Milliseconds: where the kernel does not tell of changes, and to find another spool and try again what failed. */
const LOOK_INTERVAL = 40
const RETRY_INTERVAL = 1_000

/** Calls `look` when the spool changes. The file itself is watched, not its folder, in which mariadbd has temporary files. */
export class SpoolWatch implements Disposable {
  readonly #path: string
  readonly #look: () => void
  readonly #log: Logger
  #timer: NodeJS.Timeout
  #watcher: FSWatcher | null = null
  #spool = ''

  constructor(path: string, look: () => void, log: Logger) {
    this.#path = path
    this.#look = look
    this.#log = log
    this.#timer = setInterval(look, RETRY_INTERVAL)
  }

  /** The identity of the spool that is there now, told before it is read, so that what comes after is seen. @returns whether it is another one */
  see(spool: string): boolean {
    if (spool === this.#spool) return false
    this.#spool = spool
    this.#watcher?.close()
    try {
      this.#watcher = watch(this.#path, this.#look).on('error', (error) => this.#lookOftener(error))
    } catch (error) {
      this.#lookOftener(error)
    }
    return true
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#watcher?.close()
  }

  #lookOftener(err: unknown): void {
    this.#log.warn({ err }, `the notify spool can not be watched; it is looked at every ${LOOK_INTERVAL} ms`)
    clearInterval(this.#timer)
    this.#timer = setInterval(this.#look, LOOK_INTERVAL)
  }
}
