import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Archiver } from '../archive/archiver.ts'
import { binlogsIn } from '../archive/binlogs.ts'
import { ArchiveReader } from '../archive/inventory.ts'
import { markLeftBehind } from '../archive/left-behind.ts'
import { pruneArchive } from '../archive/prune.ts'
import { OutsideError } from '../errors.ts'
import { findGaps, type Gap } from '../galera/coverage.ts'
import { isHistory } from '../galera/gtid.ts'
import { formatServerGtid } from '../galera/server-gtid.ts'
import { listRescued } from '../gear/rescued.ts'
import type { Node } from './node.ts'

/** Between two looks, milliseconds: what is committed is archived within that and the time that the copy takes. */
const LOOK_INTERVAL = 250
/** After a failure. */
const RETRY_INTERVAL = 1_000
/** A look takes in so much that a healthy disk needs less by far. */
const LONGEST_LOOK = 30_000
/** Between two looks at what all nodes have archived together, and at what is too old. */
const GAPS_INTERVAL = 10_000
const PRUNE_INTERVAL = 3_600_000

/** Archives the node's binary logs for as long as the agent runs, whether mariadbd does or not. */
export function archiveBinlogs(node: Node): AsyncDisposable {
  const ended = new AbortController()
  const work = keepArchiving(node, ended.signal)
  return {
    [Symbol.asyncDispose]: () => {
      ended.abort()
      return work
    },
  }
}

async function keepArchiving(node: Node, signal: AbortSignal): Promise<void> {
  const { archive: state } = node
  let archiver: Archiver | null = null
  let reader: ArchiveReader | null = null
  let lookedAt = -Infinity
  let prunedAt = -Infinity
  while (!signal.aborted) {
    const { archive, archiveKeep } = node.config
    if (state.folder !== archive) {
      await archiver?.[Symbol.asyncDispose]()
      archiver = null
      Object.assign(state, { folder: archive, failing: null, lag: 0, behindSince: null, gaps: [] })
    }
    if (archive !== null) {
      if (archiver === null) reader = new ArchiveReader(archive)
      archiver ??= new Archiver({ archive, datadir: node.paths.data, node: node.config.name, signal })
      const looked = await lookOnce(node, archiver)
      if (looked && reader !== null && performance.now() - lookedAt >= GAPS_INTERVAL) {
        lookedAt = performance.now()
        await forgetLeftBehind(node, archive).then(() => lookForGaps(node, reader as ArchiveReader)).catch((error: Error) => fail(node, error))
      }
      if (looked && archiveKeep !== null && performance.now() - prunedAt >= PRUNE_INTERVAL) {
        prunedAt = performance.now()
        await prune(node, archive, archiveKeep)
      }
    }
    await delay(state.failing === null ? LOOK_INTERVAL : RETRY_INTERVAL, undefined, { signal }).catch(() => undefined)
  }
  await archiver?.[Symbol.asyncDispose]()
}

/** @returns whether all went well */
async function lookOnce(node: Node, archiver: Archiver): Promise<boolean> {
  const { archive: state } = node
  const slow = setTimeout(() => fail(node, new OutsideError('slow-archive', `${state.folder} does not answer`, 'Look at what is mounted there.')), LONGEST_LOOK)
  try {
    const { lag, finished, needed } = await archiver.look(historyOf(node))
    measure(node, lag)
    state.finished += finished.length
    if (state.failing !== null) node.log.info({ archive: state.folder }, 'binary logs are archived again')
    state.failing = null
    if (finished.length > 0) node.log.debug({ finished }, 'binary logs were archived whole')
    if (needed !== null && node.status !== null) await purge(node, needed)
    return true
  } catch (error) {
    measure(node, await binlogsIn(node.paths.data).then((binlogs) => archiver.lagOf(binlogs), () => state.lag))
    fail(node, error as Error)
    return false
  } finally {
    clearTimeout(slow)
  }
}

/** Told once; they stay in the datadir until it works again. */
function fail(node: Node, error: Error): void {
  const { archive: state } = node
  if (state.failing !== error.message) node.log.error({ err: error, archive: state.folder }, 'binary logs can not be archived; they are kept in the datadir')
  state.failing = error.message
}

/** While mariadbd runs, what it says itself: nothing is begun before it is known. */
function historyOf(node: Node): string | null {
  if (node.server === null) return node.ledger.ledger.history
  const { status } = node
  return status !== null && status.primary && isHistory(status.stateUuid) && status.stateUuid === node.ledger.ledger.history ? status.stateUuid : null
}

function measure({ archive: state }: Node, lag: number): void {
  state.lag = lag
  state.behindSince = lag === 0 ? null : (state.behindSince ?? performance.now())
}

async function purge(node: Node, needed: string): Promise<void> {
  await node.session.query('PURGE BINARY LOGS TO ?', [needed]).catch((error) => node.log.debug({ err: error }, 'archived binary logs can not be purged now'))
}

/** What only a datadir that was moved aside held is not of the history any more, though it was archived. */
async function forgetLeftBehind(node: Node, archive: string): Promise<void> {
  for (const { folder, fork, beyond } of await listRescued(node.paths.rescued)) {
    if (beyond === null) continue
    const files = await markLeftBehind({ archive, history: fork.uuid, node: node.config.name, datadir: join(folder, 'data'), seqno: fork.seqno })
    if (files.length > 0) node.log.warn({ files, folder }, 'archived transactions that the cluster went on without do not count any more')
  }
}

async function lookForGaps(node: Node, reader: ArchiveReader): Promise<void> {
  const { history } = node.ledger.ledger
  if (history === null) return
  const gaps = findGaps((await reader.inventory(history)).files)
  const before = new Set(node.archive.gaps.map(nameOf))
  for (const gap of gaps) if (!before.has(nameOf(gap))) node.log.error({ history, first: formatServerGtid(gap.first), last: formatServerGtid(gap.last), from: gap.from, to: gap.to }, 'the archive has a gap that no node fills: no restore can go from before it to behind it')
  node.archive.gaps = gaps
}

const nameOf = ({ first, last }: Gap) => `${formatServerGtid(first)} ${formatServerGtid(last)}`

async function prune(node: Node, archive: string, keep: number): Promise<void> {
  try {
    const removed = await pruneArchive(archive, new Date(Date.now() - keep))
    if (removed.length > 0) node.log.info({ removed }, 'old files of the archive were removed')
  } catch (error) {
    node.log.warn({ err: error, archive }, 'old files of the archive can not be removed')
  }
}
