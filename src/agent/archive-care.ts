import { join } from 'node:path'
import { ArchiveReader } from '../archive/inventory.ts'
import { markLeftBehind } from '../archive/left-behind.ts'
import { pruneArchive } from '../archive/prune.ts'
import { OutsideError } from '../errors.ts'
import { findGaps, type Gap } from '../galera/coverage.ts'
import { formatServerGtid } from '../galera/server-gtid.ts'
import { listRescued, type Rescued } from '../gear/rescued.ts'
import { binlogFault, BINLOG_VARIABLES } from '../mariadb/binlog-config.ts'
import type { Node } from './node.ts'

/** Milliseconds. */
const LOOK_INTERVAL = 10_000
const PRUNE_INTERVAL = 3_600_000

/** What an archive needs beside what is copied into it: a look at its gaps, at what does not count any more and at what is too old. */
export class ArchiveCare {
  readonly #node: Node
  readonly #archive: string
  readonly #reader: ArchiveReader
  /** Datadirs that were moved aside, and what of them does not count is marked. */
  readonly #forgotten = new Set<string>()
  #lookedAt = -Infinity
  #prunedAt = -Infinity
  #fault: Error | null = null

  constructor(node: Node, archive: string) {
    this.#node = node
    this.#archive = archive
    this.#reader = new ArchiveReader(archive)
  }

  /** Looks now and then. @returns what was wrong when it last looked */
  async look(): Promise<Error | null> {
    if (performance.now() - this.#lookedAt < LOOK_INTERVAL) return this.#fault
    this.#lookedAt = performance.now()
    try {
      await this.#requireBinlog()
      await this.#forgetLeftBehind()
      await this.#lookForGaps()
      await this.#prune()
      this.#fault = null
    } catch (error) {
      this.#fault = error as Error
    }
    return this.#fault
  }

  /** It may not have been restarted since the archive was turned on, or have other settings of its own. */
  async #requireBinlog(): Promise<void> {
    const { session, paths, synced } = this.#node
    if (!synced) return
    const fault = binlogFault(await session.globals(BINLOG_VARIABLES), paths.data)
    if (fault !== null) throw new OutsideError('no-binlog', `mariadbd runs with ${fault}`, 'Restart it with galeractl restart, and leave these variables out of conf.d.')
  }

  /** What only a datadir that was moved aside held is not of the history any more, though it was archived. */
  async #forgetLeftBehind(): Promise<void> {
    const { paths, config, log } = this.#node
    for (const { folder, fork } of leftBehindIn(await listRescued(paths.rescued))) {
      if (this.#forgotten.has(folder)) continue
      const files = await markLeftBehind({ archive: this.#archive, history: fork.uuid, node: config.name, datadir: join(folder, 'data'), seqno: fork.seqno })
      this.#forgotten.add(folder)
      if (files.length > 0) log.warn({ files, folder }, 'archived transactions that the cluster went on without do not count any more')
    }
  }

  async #lookForGaps(): Promise<void> {
    const { archive: state, log } = this.#node
    const { history } = this.#node.state.ledger
    if (history === null) return
    const gaps = findGaps((await this.#reader.inventory(history)).files)
    const before = new Set(state.gaps.map(nameOf))
    for (const gap of gaps) if (!before.has(nameOf(gap))) log.error({ history, first: formatServerGtid(gap.first), last: formatServerGtid(gap.last), from: gap.from, to: gap.to }, 'the archive has a gap that no node fills: no restore can go from before it to behind it')
    state.gaps = gaps
  }

  async #prune(): Promise<void> {
    const { config, log } = this.#node
    if (config.archiveKeep === null || performance.now() - this.#prunedAt < PRUNE_INTERVAL) return
    this.#prunedAt = performance.now()
    const removed = await pruneArchive(this.#archive, new Date(Date.now() - config.archiveKeep))
    if (removed.length > 0) log.info({ removed }, 'old files of the archive were removed')
  }
}

/** Where a history forked. A restore replaces a history as a whole, and what is archived of that still leads to any moment in it. */
export const leftBehindIn = (rescued: readonly Rescued[]): readonly (Rescued & { readonly fork: NonNullable<Rescued['fork']> })[] =>
  rescued.flatMap((one) => (one.beyond !== null && one.fork !== null && one.fork.into === null ? [{ ...one, fork: one.fork }] : []))

const nameOf = ({ first, last }: Gap) => `${formatServerGtid(first)} ${formatServerGtid(last)}`
