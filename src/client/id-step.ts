import type { Node } from './nodes/node.ts'

let warned = false

/**
 * Warns once in a process of a trap: several ORMs take the ids of several inserted rows to be insertId, insertId + 1, …, but on Galera they step by
 * the size of the cluster (drizzle's $returningId gave 359, 360, 361 for rows 359, 362, 365 [ran]).
 */
export function warnOfIdStep({ health }: Pick<Node, 'health'>): void {
  if (warned || health === null || health.idStep < 2) return
  warned = true
  process.emitWarning(`Ids of rows that are inserted together step by ${health.idStep} on this cluster (auto_increment_increment), not by 1: do not compute them from insertId, as some ORMs do.`, { code: 'GALERA_ID_STEP', detail: 'Use INSERT … RETURNING, or set wsrep_auto_increment_control=OFF on all nodes.' })
}
