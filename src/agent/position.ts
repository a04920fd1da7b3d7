import { readDatadir } from '../mariadb/position.ts'
import type { Node } from './node.ts'

/** Reads how far the stopped node's data goes, once for each stop; callers at the same moment share one reading. */
export async function readPosition(node: Node): Promise<void> {
  if (node.datadir !== null) return
  node.reading ??= read(node).finally(() => (node.reading = null))
  await node.reading
}

async function read(node: Node): Promise<void> {
  node.say('reading position', 'reading the position of the data')
  const query = { datadir: node.paths.data, mariadbd: node.mariadb.mariadbd, config: node.paths.config, departure: node.ledger.ledger.departure?.position ?? null }
  const state = await readDatadir(query)
  for (const damage of state.damaged) node.log.warn(damage)
  node.datadir = state
}
