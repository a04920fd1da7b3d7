import { setTimeout as delay } from 'node:timers/promises'
import { Archiver } from '../archive/archiver.ts'
import { binlogsIn } from '../archive/binlogs.ts'
import { OutsideError } from '../errors.ts'
import { isHistory } from '../galera/gtid.ts'
import { ArchiveCare } from './archive-care.ts'
import type { Node } from './node.ts'

/** Between two looks, milliseconds: what is committed is archived within that and the time that the copy takes. */
const LOOK_INTERVAL = 250
/** After a failure. */
const RETRY_INTERVAL = 1_000
/** How long the end waits for what is under way. */
const LAST_LOOK = 2_000
/** A look takes in so much that a healthy disk needs less by far. */
const LONGEST_LOOK = 30_000

/** Archives the node's binary logs for as long as the agent runs, whether mariadbd does or not. */
export function archiveBinlogs(node: Node): AsyncDisposable {
  const ended = new AbortController()
  const work = keepArchiving(node, ended.signal)
  return {
    [Symbol.asyncDispose]: () => {
      ended.abort()
      // A mount that hangs holds up no agent.
      return Promise.race([work, delay(LAST_LOOK, undefined, { ref: false })])
    },
  }
}

async function keepArchiving(node: Node, signal: AbortSignal): Promise<void> {
  const { archive: state } = node
  let archiver: Archiver | null = null
  let care: ArchiveCare | null = null
  while (!signal.aborted) {
    const { archive } = node.config
    if (state.folder !== archive) {
      await archiver?.[Symbol.asyncDispose]()
      archiver = archive === null ? null : new Archiver({ archive, datadir: node.paths.data, node: node.config.name, signal })
      care = archive === null ? null : new ArchiveCare(node, archive)
      state.begin(archive)
    }
    if (archiver !== null && care !== null) tell(node, (await lookOnce(node, archiver)) ?? (await care.look()))
    await delay(state.failing === null ? LOOK_INTERVAL : RETRY_INTERVAL, undefined, { signal }).catch(() => undefined)
  }
  await archiver?.[Symbol.asyncDispose]()
}

/** @returns why nothing can be archived */
async function lookOnce(node: Node, archiver: Archiver): Promise<Error | null> {
  const { archive: state } = node
  const slow = setTimeout(() => tell(node, new OutsideError('slow-archive', `${state.folder} does not answer`, 'Look at what is mounted there.')), LONGEST_LOOK)
  try {
    const { lag, finished, needed } = await archiver.look(historyOf(node))
    state.measure(lag)
    state.finished += finished.length
    if (finished.length > 0) node.log.debug({ finished }, 'binary logs were archived whole')
    if (needed !== null && node.state.status !== null) await purge(node, needed)
    return null
  } catch (error) {
    state.measure(await binlogsIn(node.paths.data).then((binlogs) => archiver.lagOf(binlogs), () => state.lag))
    return error as Error
  } finally {
    clearTimeout(slow)
  }
}

/** Each change once. */
function tell({ archive: state, log }: Node, error: Error | null): void {
  if (error !== null && state.failing !== error.message) log.error({ err: error, archive: state.folder }, 'binary logs can not be archived; those that there are stay in the datadir')
  if (error === null && state.failing !== null) log.info({ archive: state.folder }, 'binary logs are archived again')
  state.failing = error?.message ?? null
}

/** While mariadbd runs, what it says itself: nothing is begun before it is known. */
function historyOf(node: Node): string | null {
  const { ledger: { history }, server, status } = node.state
  if (server === null) return history
  return status?.primary === true && isHistory(history) && status.stateUuid === history ? history : null
}

async function purge(node: Node, needed: string): Promise<void> {
  await node.session.query('PURGE BINARY LOGS TO ?', [needed]).catch((error) => node.log.debug({ err: error }, 'archived binary logs can not be purged now'))
}
