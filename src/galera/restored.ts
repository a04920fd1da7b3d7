import type { Fork } from './fork.ts'
import { type Ledger, newLedger, recordForks } from './ledger.ts'

/** What a gear's data was replaced by. */
export interface Restored {
  /** The new history, which begins with what was restored. */
  readonly into: string
  /** The histories that it replaces: data of theirs is moved aside wherever it turns up. */
  readonly replaces: readonly string[]
  /** The node UUID under which this node is the only member of the first view. */
  readonly nodeUuid: string
  /** ISO 8601. */
  readonly at: string
  /** What was restored, for people. */
  readonly reason: string
  /** Until when (ISO 8601) it starts without a person's word, since others may go on meanwhile; null: for ever. */
  readonly until: string | null
}

/**
 * The ledger of a gear that holds a restored snapshot: alone in a new history, at seqno 0, as after a clean stop. What it
 * has promised stays, so that no epoch is given twice; so do its forks, since others may still belong to older histories.
 */
export function recordRestored(old: Ledger, { into, replaces, nodeUuid, at, reason, until }: Restored): Ledger {
  // The newest of all: it must not be the one that is forgotten.
  const epoch = Math.max(old.promise?.epoch ?? 0, ...old.forks.map((fork) => fork.epoch)) + 1
  const forks = [...new Set(replaces)].filter((uuid) => uuid !== into).map((uuid): Fork => ({ at, epoch, uuid, seqno: -1n, view: null, without: [], why: 'restored', reason: reason.slice(0, 1000), into }))
  const view = { uuid: into, seqno: 0n, after: null, members: [{ uuid: nodeUuid, name: old.name, address: null }], weight: null, ownWeight: null, ownUuid: nodeUuid }
  const promise = old.promise === null ? null : { ...old.promise, settled: true }
  return recordForks({ ...newLedger(old.name), history: into, view, departure: { at, position: { uuid: into, seqno: 0n } }, promise, forks: old.forks.filter(({ into, uuid }) => into === null || !replaces.includes(uuid)), restored: { until }, decisions: old.decisions }, forks)
}

/** The node joins a history that a restored snapshot began: of the one that it belonged to, nothing counts any more. */
export function leaveHistory(ledger: Ledger, joined: string | null): Ledger {
  const { history } = ledger
  const left = joined !== null && history !== null && history !== joined && ledger.forks.some(({ into, uuid }) => into !== null && uuid === history)
  return left ? { ...ledger, history: joined, view: null, viewIds: [], departure: null, departures: [], flaggedAt: null, intended: [], restored: null } : ledger
}

/** The history that a restore began on this gear, as long as it was never Primary in it; null: none. */
export const unbornHistory = ({ history, restored }: Ledger): string | null => (restored === null ? null : history)

/** Whether a restored snapshot waited too long for its first start: the others may have gone on with what it replaces. `now`: ISO 8601. */
export const isOvertaken = ({ restored }: Ledger, now: string): boolean => restored?.until !== undefined && restored.until !== null && restored.until < now
