import type { Decision, RunningDecision } from './decision.ts'
import { RefusedError } from '../errors.ts'
import { type Acknowledgement, HIGHEST_EPOCH, type ProposalKind } from './acknowledgement.ts'
import type { Down, Live, Observation } from './observation.ts'

/** What a node that wants to bootstrap, to re-form or to repair asks of every peer that it can reach. */
export interface Proposal {
  readonly epoch: number
  readonly kind: ProposalKind
  /** The name of the node to bootstrap, or whose component is repaired; for re-forming the view id. */
  readonly chosen: string
  /** The node that asks. */
  readonly from: string
  /** null: a new history. */
  readonly uuid: string | null
  readonly seqno: bigint
  /** Whom the asking node has heard. */
  readonly known: readonly string[]
  /** Whom the cluster has left behind before: how far their data goes counts no more. */
  readonly uncounted: readonly string[]
}

export type Answer = { readonly ack: true } | { readonly ack: false; readonly reason: string }

/**
 * Whether a node may acknowledge a proposal. Invariant: in one epoch a node acknowledges one choice
 * only, and none that would leave behind data that it has itself. A new history, once acknowledged, gives
 * way only to a node that has heard the earlier one, which then would be asked too: peer lists may be unequal
 * while a platform still makes gears.
 */
export function answerProposal(own: Down | Live, promise: Acknowledgement | null, proposal: Proposal): Answer {
  const epoch = promise?.epoch ?? 0
  const refuse = (reason: string): Answer => ({ ack: false, reason })
  const same = promise !== null && promise.epoch === proposal.epoch && promise.kind === proposal.kind && promise.chosen === proposal.chosen

  if (own.kind === 'primary') return refuse(`${own.name} is Primary`)
  if (proposal.epoch > HIGHEST_EPOCH) return refuse(`epoch ${proposal.epoch} is higher than any can be`)
  if (proposal.epoch < epoch) return refuse(`${own.name} has acknowledged epoch ${epoch}`)
  if (proposal.epoch === epoch && promise !== null && !same) return refuse(`${own.name} has acknowledged ${promise.chosen} in epoch ${epoch}`)
  if (own.kind !== 'down') return answerRunning(own, proposal, same, refuse)
  if (own.launched !== null && !same && !goesOn(own, promise, proposal)) return refuse(`${own.name} is starting to ${own.launched}`)
  const uncounted = proposal.uncounted.includes(own.name)
  if (own.data.kind === 'unknown' && !uncounted) return refuse(`${own.name} does not know its position yet`)
  if (proposal.uuid === null) {
    if (promise !== null && promise.kind !== 'bootstrap') return refuse(`${own.name} has acknowledged the ${promise.kind} of a history that there is (${promise.chosen})`)
    if (promise?.kind === 'bootstrap' && promise.chosen !== proposal.chosen && !proposal.known.includes(promise.chosen)) {
      return refuse(`${own.name} has acknowledged ${promise.chosen}, which ${proposal.from} has not heard`)
    }
    const history = own.data.kind === 'position' ? own.data.uuid : own.history
    return history === null ? { ack: true } : refuse(`${own.name} belongs to history ${history}`)
  }
  if (own.data.kind === 'position') {
    if (own.data.uuid !== proposal.uuid && !uncounted) return refuse(`${own.name} has history ${own.data.uuid}`)
    if (proposal.kind !== 'reform' && own.data.seqno > proposal.seqno && !uncounted) return refuse(`${own.name} is further, at ${own.data.seqno}`)
  }
  return { ack: true }
}

/** What is recorded of an acknowledgement: with who asked, where this node is not of the view that is re-formed, for that one may become Primary without it. */
export const acknowledged = (own: Down | Live, { epoch, kind, chosen, from }: Proposal): Omit<Acknowledgement, 'settled'> => ({ epoch, kind, chosen, others: kind === 'reform' && !(own.kind === 'down' && own.gvwstate?.viewId === chosen) ? [from] : [] })

/** A server that runs outside a primary component stands in no re-forming's way, and lets one of its kind that is as far be made primary. */
function answerRunning(own: Live, proposal: Proposal, same: boolean, refuse: (reason: string) => Answer): Answer {
  if (proposal.kind === 'bootstrap') return refuse(`${own.name} runs a server`)
  if (own.repairing && !same) return refuse(`${own.name} is making its component primary`)
  if (proposal.kind === 'reform') return { ack: true }
  if (own.uuid !== proposal.uuid) return refuse(`${own.name} has history ${own.uuid}`)
  if (own.receiveQueue > 0) return refuse(`${own.name} still applies what it received`)
  if (own.seqno > proposal.seqno && !proposal.uncounted.includes(own.name)) return refuse(`${own.name} is further, at ${own.seqno}`)
  return { ack: true }
}

/**
 * A node that already re-forms a view acknowledges the same re-forming in any later epoch: proposals
 * that crossed would else leave it alone in the old epoch, waiting for the others for ever.
 */
function goesOn(own: Down, promise: Acknowledgement | null, proposal: Proposal): boolean {
  return own.launched === 'reform' && proposal.kind === 'reform' && promise?.kind === 'reform' && promise.chosen === proposal.chosen
}

/**
 * The proposal that a decision needs acknowledged before it is carried out, or null where none is needed.
 * @throws RefusedError `no-epoch-left`
 */
export function proposalFor(decision: Decision | RunningDecision, from: string, own: Acknowledgement | null, peers: readonly Observation[]): Proposal | null {
  if (decision.do !== 'bootstrap' && decision.do !== 'repair' && decision.do !== 'reform') return null
  const epoch = nextEpoch(decision, own, peers)
  if (epoch > HIGHEST_EPOCH) throw noEpochLeft(epoch - 1, from, own, peers)
  if (decision.do === 'bootstrap' || decision.do === 'repair') return { epoch, kind: decision.do, chosen: from, from, uuid: decision.uuid, seqno: decision.seqno, known: decision.known, uncounted: decision.leftBehind }
  return { epoch, kind: 'reform', chosen: decision.viewId, from, uuid: decision.uuid, seqno: -1n, known: [], uncounted: [] }
}

function noEpochLeft(epoch: number, from: string, own: Acknowledgement | null, peers: readonly Observation[]): RefusedError {
  const who = [...(own?.epoch === epoch ? [from] : []), ...peers.filter((peer) => peer.kind !== 'silent' && peer.promise?.epoch === epoch).map(({ name }) => name)].join(', ')
  return new RefusedError('no-epoch-left', `${who} has acknowledged epoch ${epoch}, and there can be no higher one: its ledger is damaged`, `On ${who}: galeractl stop, move state/ledger.json aside, galeractl start.`)
}

/**
 * One above the highest epoch that anybody told. A re-forming that the node has acknowledged keeps its epoch, so that
 * proposals that cross are one, unless somebody has acknowledged another choice in it and so could never agree.
 */
function nextEpoch(decision: Decision | RunningDecision, own: Acknowledgement | null, peers: readonly Observation[]): number {
  const told = peers.flatMap((peer) => (peer.kind === 'silent' || peer.promise === null ? [] : [peer.promise]))
  const highest = Math.max(0, ...[...told, ...(own === null ? [] : [own])].map(({ epoch }) => epoch))
  const standing = decision.do === 'reform' && own?.kind === 'reform' && own.chosen === decision.viewId && own.epoch === highest
  const disputed = told.some(({ epoch, kind, chosen }) => epoch === highest && (kind !== own?.kind || chosen !== own.chosen))
  return standing && !disputed ? highest : highest + 1
}

/**
 * Whether a node has acknowledged another choice (`now`) than when it decided (`then`): it decided without whoever that is, who may be Primary
 * by it. The re-forming that it decided on itself is none.
 */
export function hasAcknowledgedAnother(decision: Decision | RunningDecision, then: Acknowledgement | null, now: Acknowledgement | null): boolean {
  if (now === null || (decision.do === 'reform' && now.kind === 'reform' && now.chosen === decision.viewId)) return false
  return then === null || now.epoch !== then.epoch || now.kind !== then.kind || now.chosen !== then.chosen
}

/** Somebody is left behind by an operator's word. */
export const isForced = (decision: Decision | RunningDecision): boolean => (decision.do === 'bootstrap' || decision.do === 'repair') && decision.without.some(({ why }) => why === 'forced')
