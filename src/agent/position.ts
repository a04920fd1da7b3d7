import { unbornHistory } from '../galera/restored.ts'
import { readDatadir } from '../mariadb/position.ts'
import type { Node } from './node.ts'

/** How long a position that could not be read stands before it is tried again, milliseconds. */
const UNKNOWN_STANDS = 10_000

/**
 * Reads how far the stopped node's data goes, once for each stop; callers at the same moment share one reading.
 * What could not be read is tried again: another process may have been at the files.
 * @throws AbortError on `signal`
 */
export async function readPosition(node: Node, signal?: AbortSignal): Promise<void> {
  const { datadir } = node
  if (datadir !== null && (datadir.data.kind !== 'unknown' || performance.now() - node.readAt < UNKNOWN_STANDS)) return
  node.reading ??= read(node, signal).finally(() => (node.reading = null))
  await node.reading
}

async function read(node: Node, signal: AbortSignal | undefined): Promise<void> {
  const first = node.datadir === null
  if (first) node.say('reading position', 'reading the position of the data')
  const { departure, joining, history } = node.ledger.ledger
  const query = { datadir: node.paths.data, mariadbd: node.mariadb.mariadbd, config: node.paths.config, departure: departure?.position ?? null, joining, member: history !== null, restored: unbornHistory(node.ledger.ledger), ...(signal === undefined ? {} : { signal }) }
  const state = await readDatadir(query)
  if (first) for (const damage of state.damaged) node.log.warn(damage)
  node.datadir = state
  node.readAt = performance.now()
}
