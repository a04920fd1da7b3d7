import * as z from 'zod'
import type { Decision, RunningDecision } from './decision.ts'
import type { Acknowledgement } from './fence.ts'
import { gtidSchema, promiseSchema, viewSchema } from './schemas.ts'
import { sameMembers, type View } from './view.ts'

const KEPT_DECISIONS = 50

const decisionRecord = z.object({
  at: z.string(),
  do: z.enum(['join', 'reform', 'bootstrap', 'repair', 'leave', 'wait', 'refuse']),
  rule: z.string(),
  reason: z.string(),
  evidence: z.array(z.string()),
  epoch: z.int(),
})

/** What a gear keeps durably about itself and the cluster. A value: each change makes a new one. */
export const ledgerSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  /** The history that the node belongs to; null until it was first a member. */
  history: z.string().nullable(),
  /** The newest view it was in. */
  view: viewSchema.nullable(),
  /** The last graceful stop: trusted only while grastate.dat shows the same position. */
  departure: z.object({ at: z.string(), position: gtidSchema }).nullable(),
  /** What it has acknowledged to a peer or to itself. */
  promise: promiseSchema.nullable(),
  decisions: z.array(decisionRecord),
})

export type Ledger = z.infer<typeof ledgerSchema>

export function newLedger(name: string): Ledger {
  return { version: 1, name, history: null, view: null, departure: null, promise: null, decisions: [] }
}

/** The node is in this view now. Returns the same value where nothing changed. */
export function recordView(ledger: Ledger, view: View): Ledger {
  const old = ledger.view
  if (old !== null && old.uuid === view.uuid && old.seqno === view.seqno && sameMembers(old, view)) return ledger
  return { ...ledger, history: view.uuid, view: { ...view, members: [...view.members] }, departure: null }
}

export function recordDeparture(ledger: Ledger, departure: NonNullable<Ledger['departure']>): Ledger {
  const old = ledger.departure?.position
  if (old !== undefined && old.uuid === departure.position.uuid && old.seqno === departure.position.seqno) return ledger
  return { ...ledger, departure }
}

/**
 * mariadbd is about to run: an earlier clean stop says nothing any more, and gvwstate.dat goes. `view` is
 * the last view as that file told it: without it a start that fails would forget the newest view.
 */
export function recordLaunch(ledger: Ledger, view: View | null = null): Ledger {
  const seen = view === null ? ledger : recordView(ledger, view)
  return seen.departure === null ? seen : { ...seen, departure: null }
}

export function recordPromise(ledger: Ledger, promise: Acknowledgement): Ledger {
  const old = ledger.promise
  if (old !== null && old.epoch === promise.epoch && old.kind === promise.kind && old.chosen === promise.chosen) return ledger
  return { ...ledger, promise: { epoch: promise.epoch, kind: promise.kind, chosen: promise.chosen } }
}

/** Keeps the newest decisions; waiting for the same reason is recorded once. */
export function recordDecision(ledger: Ledger, decision: Decision | RunningDecision, at: string): Ledger {
  const last = ledger.decisions.at(-1)
  if (decision.do === 'wait' && last?.do === 'wait' && last.rule === decision.rule && last.reason === decision.reason) return ledger
  const record = { at, do: decision.do, rule: decision.rule, reason: decision.reason, evidence: [...decision.evidence], epoch: ledger.promise?.epoch ?? 0 }
  return { ...ledger, decisions: [...ledger.decisions, record].slice(-KEPT_DECISIONS) }
}
