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
  return own === null ? null : (restores([node, ...all]).find(({ uuid }) => uuid === own) ?? null)
}

/** Whether restores lead from this node's history to that one, as anybody tells. */
export function isReplacedInto(node: Down | Live, all: readonly Observation[], into: string): boolean {
  const forks = restores([node, ...all])
  const reached = new Set([historyOf(node)])
  for (let before = 0; before < reached.size; ) {
    before = reached.size
    for (const fork of forks) if (reached.has(fork.uuid)) reached.add(fork.into)
  }
  return into !== historyOf(node) && reached.has(into)
}

const restores = (all: readonly Observation[]): readonly Fork[] => all.flatMap((one) => (one.kind === 'silent' ? [] : one.forks.filter(({ into }) => into !== null)))
