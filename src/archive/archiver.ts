import { OutsideError } from '../errors.ts'
import { basename } from 'node:path'
import { type Binlog, binlogsIn } from './binlogs.ts'
import { BinlogCopy, isFinished } from './copy.ts'
import { finishCopy } from './finish.ts'
import { requireArchive } from './folder.ts'
import { finishLeftovers, folderFor } from './leftovers.ts'

export interface ArchiverOptions {
  readonly archive: string
  readonly datadir: string
  /** Whose binary logs these are. */
  readonly node: string
  readonly signal: AbortSignal
}

/** How an archive does after a look. */
export interface ArchiverLook {
  /** Bytes of binary logs that are not archived. */
  readonly lag: number
  /** Files that were finished. */
  readonly finished: readonly string[]
  /** The oldest binary log that is still needed, where an older one is not: a name in the datadir. */
  readonly needed: string | null
}

/**
 * Copies a node's binary logs into `ARCHIVE/HISTORY/NODE/`, as they are written. All that it knows is in the two folders, so that
 * any look may fail or be the last one.
 */
export class Archiver implements AsyncDisposable {
  readonly #options: ArchiverOptions
  readonly #copies = new Map<string, BinlogCopy>()
  /** Binary logs that are done with, by what they are. */
  readonly #done = new Set<string>()
  /** Copies may be there whose binary logs are gone. */
  #leftovers = true

  constructor(options: ArchiverOptions) {
    this.#options = options
  }

  /**
   * Archives what is new. `history` is that of what is written now; null: not known yet, and then nothing is begun.
   * @throws OutsideError `no-archive`, `bad-binlog`; what the disk says
   */
  async look(history: string | null): Promise<ArchiverLook> {
    const { archive, datadir } = this.#options
    await requireArchive(archive)
    const binlogs = await binlogsIn(datadir)
    await this.#forget(binlogs)
    const finished: string[] = []
    const failures: unknown[] = []
    for (const [at, binlog] of binlogs.entries()) {
      if (this.#options.signal.aborted) break
      try {
        const kept = await this.#take(binlog, history, at === binlogs.length - 1)
        if (kept !== null) finished.push(kept)
      } catch (error) {
        // Its copy may have half of a piece: it is compared again.
        await this.#leave(binlog.path)
        failures.push(error instanceof OutsideError ? new OutsideError(error.code, `${binlog.path}: ${error.message}`, error.hint, { cause: error }) : error)
      }
    }
    if (failures.length > 0) throw failures[0]
    // Cut short, not all that still grow are known.
    if (this.#leftovers && binlogs.length > 0 && !this.#options.signal.aborted) finished.push(...(await finishLeftovers(archive, this.#options.node, new Set([...this.#copies.values()].map(({ name }) => name)))))
    this.#leftovers &&= binlogs.length === 0
    return { lag: this.lagOf(binlogs), finished, needed: this.#neededOf(binlogs) }
  }

  /** Bytes that are not archived of these. */
  lagOf(binlogs: readonly Binlog[]): number {
    return binlogs.reduce((sum, { path, size, identity }) => sum + (this.#done.has(identity) ? 0 : Math.max(0, size - (this.#copies.get(path)?.archived ?? 0))), 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const copy of this.#copies.values()) await copy[Symbol.asyncDispose]()
    this.#copies.clear()
  }

  /** @returns its name in the archive, where it was finished now */
  async #take(binlog: Binlog, history: string | null, isLast: boolean): Promise<string | null> {
    const { path } = binlog
    if (this.#done.has(binlog.identity)) return null
    if ((await this.#copies.get(path)?.isThere()) === false) await this.#leave(path)
    const copy = this.#copies.get(path) ?? (await BinlogCopy.open(binlog))
    if (copy === null) return null
    this.#copies.set(path, copy)
    if (binlog.size > copy.taken) await copy.take(this.#options.signal)
    if (copy.folder === null && copy.holdsAny) {
      const folder = await folderFor(this.#options, copy.name, history)
      if (folder === null) return null
      if (await isFinished(folder, copy.name, binlog.size)) return this.#end(binlog)
      await copy.begin(folder)
      await copy.take(this.#options.signal)
    }
    if (isLast || copy.taken < binlog.size) return null
    const { folder, name } = copy
    const kept = folder === null ? null : await finishCopy(folder, name, this.#options.node)
    await this.#end(binlog)
    return kept?.name ?? null
  }

  async #end({ path, identity }: Binlog): Promise<null> {
    this.#done.add(identity)
    await this.#leave(path)
    return null
  }

  async #leave(path: string): Promise<void> {
    const copy = this.#copies.get(path)
    this.#copies.delete(path)
    await copy?.[Symbol.asyncDispose]()
  }

  /** Binary logs that are gone, or that are others by the same name. */
  async #forget(binlogs: readonly Binlog[]): Promise<void> {
    const now = new Map(binlogs.map(({ path, identity }) => [path, identity]))
    const there = new Set(now.values())
    for (const identity of this.#done) if (!there.has(identity)) this.#done.delete(identity)
    for (const [path, { identity }] of this.#copies) {
      if (now.get(path) === identity) continue
      this.#leftovers = true
      await this.#leave(path)
    }
  }

  /** One finished file is left where it is: an asynchronous replica may be about to read its end. */
  #neededOf(binlogs: readonly Binlog[]): string | null {
    const oldest = binlogs.findIndex(({ identity }) => !this.#done.has(identity))
    const kept = binlogs[oldest - 1]
    return oldest < 2 || kept === undefined ? null : basename(kept.path)
  }
}
