import type { Fork } from './fork.ts'
import type { Down, Live, Observation } from './observation.ts'

/** The history that a node belongs to: that of its data, else the one that its ledger remembers. */
export const historyOf = (node: Down | Live): string | null => (node.kind !== 'down' ? node.uuid : node.data.kind === 'position' ? node.data.uuid : node.history)

/**
 * The fork by which a restored snapshot replaced the history that this node belongs to, as anybody tells, itself too; null
 * where it belongs to none, or to one that stands. A restore always begins a new history, so none replaces itself.
 */
export function replacedBy(node: Down | Live, all: readonly Observation[]): Fork | null {
  const own = historyOf(node)
  if (own === null) return null
  for (const one of [node, ...all]) {
    const fork = one.kind === 'silent' ? undefined : one.forks.find(({ into, uuid }) => into !== null && uuid === own)
    if (fork !== undefined) return fork
  }
  return null
}
