import * as z from 'zod'
import type { Decision, RunningDecision } from './decision.ts'
import type { Acknowledgement } from './acknowledgement.ts'
import { type Departure, mergeDepartures } from './departure.ts'
import { type Fork, mergeForks } from './fork.ts'
import { departureSchema, forkSchema, gtidSchema, promiseSchema, seqnoSchema, uuidSchema, viewSchema } from './schemas.ts'
import { groupNames } from './member-name.ts'
import { isSameNode, sameMembers, type View } from './view.ts'

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
  /** Ids of the views it was in, newest last: a gvwstate.dat with an older one is stale. */
  viewIds: z.array(z.string().max(100)).default([]),
  /** The node UUIDs that its servers had, newest last: whose name a view does not tell is found by them. */
  nodeUuids: z.array(uuidSchema).default([]),
  /** The last graceful stop: trusted only while grastate.dat shows the same position. */
  departure: z.object({ at: z.string(), position: gtidSchema }).nullable(),
  /** It joins, and was not Synced since: its datadir may be half of another's. */
  joining: z.boolean().default(false),
  /** What it has acknowledged to a peer or to itself. */
  promise: promiseSchema.nullable(),
  /** When the cluster went on without somebody, newest last. */
  forks: z.array(forkSchema).default([]),
  /** Forks that this node is about to make: they are none before it has been Primary. */
  intended: z.array(forkSchema).default([]),
  /** From which position it was let go first, and safe_to_bootstrap written for it; null once it was Primary. */
  flaggedAt: seqnoSchema.nullable().default(null),
  /** Who left in order and told how far its data goes; newest last. */
  departures: z.array(departureSchema).default([]),
  /** A restored snapshot that was never Primary here; `until` (ISO 8601) it starts without a person's word, null: for ever. */
  restored: z.object({ until: z.string().nullable() }).nullable().default(null),
  decisions: z.array(decisionRecord),
})

export type Ledger = z.infer<typeof ledgerSchema>

export function newLedger(name: string): Ledger {
  return { version: 1, name, history: null, view: null, viewIds: [], nodeUuids: [], departure: null, joining: false, promise: null, forks: [], intended: [], flaggedAt: null, departures: [], restored: null, decisions: [] }
}

/**
 * Of a node whose ledger was damaged. It may have acknowledged any of its peers as the first: as long as it was in no primary view since, it goes on
 * beside none that is silent.
 */
export function lostLedger(name: string, peers: readonly string[], aside: string, at: string): Ledger {
  const reason = `The ledger was damaged and is kept as ${aside}: what it had acknowledged is forgotten, so a peer that does not answer counts as let go first.`
  const others = peers.filter((peer) => peer !== name)
  return { ...newLedger(name), promise: { epoch: 1, kind: 'bootstrap', chosen: name, others, settled: false }, decisions: [{ at, do: 'wait', rule: 'ledger-damaged', reason, evidence: [], epoch: 1 }] }
}

const KEPT_VIEW_IDS = 20

/** The node is Primary in this view now. Returns the same value where nothing changed. */
export function recordView(ledger: Ledger, view: View): Ledger {
  const seen = recordFormerView(ledger, view)
  if (seen === ledger && ledger.intended.length === 0 && ledger.flaggedAt === null && ledger.restored === null && ledger.promise?.settled !== false) return ledger
  const promise = seen.promise === null ? null : { ...seen.promise, settled: true }
  return { ...recordForks(seen, seen.intended), intended: [], flaggedAt: null, restored: null, promise }
}

/** The node was in this view, as gvwstate.dat tells: that it settled anything since is not said. Its server runs, and may leave yet. */
export function recordFormerView(ledger: Ledger, view: View): Ledger {
  return keepView(ledger, view.left === false ? { ...view, left: undefined } : view)
}

function keepView(ledger: Ledger, view: View): Ledger {
  const old = ledger.view
  if (old !== null && old.uuid === view.uuid && old.seqno === view.seqno && sameMembers(old, view) && old.weight === view.weight && old.ownWeight === view.ownWeight && old.left === view.left) return ledger
  const others = view.members.filter(({ name }) => name !== null && !groupNames(ledger.name).includes(name))
  const own = ledger.nodeUuids.filter((uuid) => !others.some((member) => isSameNode(member.uuid, uuid)))
  return recordNodeUuid({ ...ledger, nodeUuids: own, history: view.uuid, view: { ...view, members: [...view.members] }, departure: null }, view.ownUuid)
}

/** Its server is told to stop: from now on it may have left its view in order, whatever is found later. `primary`: it was Primary at the last look. */
export function recordLeaving(ledger: Ledger, primary: boolean): Ledger {
  return ledger.view === null || ledger.view.left === true ? ledger : { ...ledger, view: { ...ledger.view, left: true, leftPrimary: primary } }
}

/** Nothing shows any more that the node was cut off in its view: gvwstate.dat goes, and its server may become a member of another. */
export function forgetCutOff(ledger: Ledger): Ledger {
  return ledger.view?.left === false ? { ...ledger, view: { ...ledger.view, left: undefined } } : ledger
}

/** The id of the view that it is in, as gvwstate.dat has it. */
export function recordViewId(ledger: Ledger, id: string): Ledger {
  return ledger.viewIds.at(-1) === id ? ledger : { ...ledger, viewIds: [...ledger.viewIds, id].slice(-KEPT_VIEW_IDS) }
}

const KEPT_NODE_UUIDS = 20

/**
 * Its server has or had this node UUID: kept beyond the view and the data, which may be lost while others know that member by nothing else.
 * Not where the view calls that member otherwise: its data, and gvwstate.dat with it, is then a copy of another node's.
 */
export function recordNodeUuid(ledger: Ledger, uuid: string): Ledger {
  if (ledger.nodeUuids.some((known) => isSameNode(known, uuid))) return ledger
  const told = ledger.view?.members.find((member) => isSameNode(member.uuid, uuid))?.name ?? null
  return told === null || groupNames(ledger.name).includes(told) ? { ...ledger, nodeUuids: [...ledger.nodeUuids, uuid].slice(-KEPT_NODE_UUIDS) } : ledger
}

export function recordDeparture(ledger: Ledger, departure: NonNullable<Ledger['departure']>): Ledger {
  const old = ledger.departure?.position
  if (old !== undefined && old.uuid === departure.position.uuid && old.seqno === departure.position.seqno) return ledger
  return { ...recordLeaving(ledger, false), departure }
}

/**
 * mariadbd is about to run: an earlier clean stop says nothing any more, and gvwstate.dat goes. `view` is
 * the last view as that file told it: without it a start that fails would forget the newest view.
 */
export function recordLaunch(ledger: Ledger, view: View | null = null): Ledger {
  const seen = view === null ? ledger : keepView(ledger, view)
  return seen.departure === null ? seen : { ...seen, departure: null }
}

/** The node goes along with these: it was counted, or takes the state anew. */
export function recordForks(ledger: Ledger, forks: readonly Fork[]): Ledger {
  const merged = mergeForks(ledger.forks, forks)
  return merged === ledger.forks ? ledger : { ...ledger, forks: merged.map(mutable) }
}

/** The node is about to make these; what an earlier attempt intended has come true, or never will. */
export function recordIntent(ledger: Ledger, seqno: bigint | null, intended: readonly Fork[]): Ledger {
  const forks = forksAt(ledger, seqno)
  if (intended.length === 0 && ledger.intended.length === 0 && forks === ledger.forks) return ledger
  return { ...ledger, forks: forks.map(mutable), intended: intended.map(mutable) }
}

/** The node is let go first from this position: safe_to_bootstrap is written for it, and tells nothing if it comes to nothing. */
export function recordFlag(ledger: Ledger, seqno: bigint): Ledger {
  return ledger.flaggedAt === seqno ? ledger : { ...ledger, flaggedAt: seqno }
}

/**
 * The forks that the node's data went through, by how far it goes: becoming Primary takes a seqno, so data beyond an
 * intended fork shows that it was made, also where the node died before it could say so.
 */
export function forksAt(ledger: Ledger, seqno: bigint | null): readonly Fork[] {
  return mergeForks(ledger.forks, ledger.intended.filter((fork) => seqno !== null && seqno > fork.seqno))
}

const mutable = (fork: Fork) => ({ ...fork, without: [...fork.without] })

export function recordJoining(ledger: Ledger, joining: boolean): Ledger {
  return ledger.joining === joining ? ledger : { ...ledger, joining }
}

export function recordDepartures(ledger: Ledger, told: readonly Departure[]): Ledger {
  const merged = mergeDepartures(ledger.departures, told)
  return merged === ledger.departures ? ledger : { ...ledger, departures: [...merged] }
}

export function recordPromise(ledger: Ledger, { epoch, kind, chosen, others: asked = [] }: Pick<Acknowledgement, 'epoch' | 'kind' | 'chosen'> & Partial<Pick<Acknowledgement, 'others'>>): Ledger {
  const old = ledger.promise
  const same = old !== null && !old.settled && old.kind === kind && old.chosen === chosen
  // Who was acknowledged before may carry it out still.
  const before = old === null || old.settled ? [] : [...old.others, ...(old.kind === 'reform' ? [] : [old.chosen])]
  const others = [...new Set([...before, ...asked])].filter((name) => kind === 'reform' || name !== chosen)
  if (same && old.epoch === epoch && others.length === old.others.length) return ledger
  return { ...ledger, promise: { epoch, kind, chosen, others, settled: false } }
}

/** Keeps the newest decisions; waiting for the same reason is recorded once. */
export function recordDecision(ledger: Ledger, decision: Decision | RunningDecision, at: string): Ledger {
  const last = ledger.decisions.at(-1)
  if (decision.do === 'wait' && last?.do === 'wait' && last.rule === decision.rule && last.reason === decision.reason) return ledger
  const record = { at, do: decision.do, rule: decision.rule, reason: decision.reason, evidence: [...decision.evidence], epoch: ledger.promise?.epoch ?? 0 }
  return { ...ledger, decisions: [...ledger.decisions, record].slice(-KEPT_DECISIONS) }
}
