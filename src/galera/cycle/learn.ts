import { isHistory, NIL_UUID } from '../gtid.ts'
import { type Ledger, recordFormerView, recordJoining, recordNodeUuid, recordView, recordViewId } from '../ledger.ts'
import { awaitsState, isSynced, type NodeStatus } from '../node-status.ts'
import type { Effect, Step } from './effect.ts'
import type { Look, Moment } from './input.ts'
import { lastViewOf } from './report.ts'
import type { Joining, State } from './state.ts'

/**
 * What a look at the server shows; the ledger learns of a new view before anybody is told of it, so that nobody
 * is told of a primary component with the view of an earlier one. SQL that gives no status is no status.
 */
export function learn(state: State, look: Look, moment: Moment): Step {
  const { status } = look
  const failing = moment.unwritten !== undefined
  const looked: State = { ...state, lookedAt: moment.now, joining: seenJoining(state.joining, look), ledger: failing ? state.ledger : knowingItself(state.ledger, look) }
  const effects: readonly Effect[] = failing && state.unwritten === null ? [{ do: 'log', level: 'error', text: 'the ledger cannot be written', detail: { why: moment.unwritten } }] : []
  if (status === null || awaitsState(status)) return { state: nothingKnown(looked), effects }
  // Nothing is told rather than an older view.
  if (failing && !status.primary && formerView(looked, look, status) !== state.ledger) return { state: { ...nothingKnown(looked), unwritten: moment.unwritten }, effects }
  const known = status.primary ? learnView(looked, status, look) : { ...looked, viewKnown: false, ledger: formerView(looked, look, status) }
  const learned = failing ? { ...known, ledger: state.ledger, namedView: state.namedView, viewKnown: known.viewKnown && known.ledger === state.ledger, unwritten: moment.unwritten } : known
  const { connected, primary } = status
  return {
    effects,
    state: {
      ...learned,
      // A server that Galera has merged learns at once what the others decided without it.
      peersSeen: primary && state.nonPrimarySince !== null ? -Infinity : learned.peersSeen,
      status: connected ? sameStatus(state.status, status) : null,
      statusAt: moment.now,
      outsideSince: connected ? null : (state.outsideSince ?? moment.now),
      nonPrimarySince: connected && !primary ? (state.nonPrimarySince ?? moment.now) : null,
    },
  }
}

/** The ledger with the node UUID of the server that runs: it tells it, or gvwstate.dat does before SQL answers. */
function knowingItself(ledger: Ledger, { status, gvwstate }: Look): Ledger {
  const uuid = status !== null && status.nodeUuid !== NIL_UUID ? status.nodeUuid : (gvwstate?.myUuid ?? null)
  return uuid === null ? ledger : recordNodeUuid(ledger, uuid)
}

/** SQL that gives no status says nothing of it. */
function seenJoining(joining: Joining | null, { sql, status }: Look): Joining | null {
  if (joining === null || sql === 'busy') return joining
  const unjoined = status === null || awaitsState(status)
  return joining.unjoined === unjoined ? joining : { ...joining, unjoined }
}

function nothingKnown(state: State): State {
  const { status, outsideSince, nonPrimarySince } = state
  return status === null && outsideSince === null && nonPrimarySince === null ? state : { ...state, status: null, outsideSince: null, nonPrimarySince: null }
}

function learnView(state: State, status: NodeStatus, { view, weight, gvwstate }: Look): State {
  const unknown = state.viewKnown ? { ...state, viewKnown: false } : state
  if (isForeign(state, status) || view === null || view.uuid !== status.stateUuid || view.members.length !== status.clusterSize) return unknown
  const old = state.ledger.view
  const known = old !== null && old.uuid === view.uuid && old.seqno === view.seqno && old.weight === view.weight && old.ownWeight !== null
  const ownWeight = known ? old.ownWeight : weight
  const named = state.namedView === view.seqno || gvwstate?.members.join() !== view.members.map(({ uuid }) => uuid).toSorted().join() ? null : gvwstate.viewId
  const identified = named === null ? state.ledger : recordViewId(state.ledger, named)
  const ledger = recordJoining(recordView(identified, { ...view, ownWeight }), state.ledger.joining && !isSynced(status))
  return { ...state, ledger, viewKnown: true, namedView: named === null ? state.namedView : view.seqno }
}

/** gvwstate.dat, which a graceful stop removes, may know a primary view that no agent has seen: it was over before, or came since the last look. */
export function formerView(state: State, { gvwstate }: Pick<Look, 'gvwstate'>, status: NodeStatus | null): Ledger {
  const view = lastViewOf(state, gvwstate, status)
  return view === null ? state.ledger : recordFormerView(state.ledger, view)
}

/** Primary with no history, or with another than the ledger remembers: never recorded, and stopped at once. */
export function isForeign({ ledger }: Pick<State, 'ledger'>, { primary, stateUuid }: NodeStatus): boolean {
  return primary && (!isHistory(stateUuid) || (ledger.history !== null && ledger.history !== stateUuid))
}

/** A status that shows the same is the same value. */
function sameStatus(old: NodeStatus | null, now: NodeStatus): NodeStatus {
  if (old === null || old === now) return now
  const same = old.stateUuid === now.stateUuid && old.lastCommitted === now.lastCommitted && old.primary === now.primary
    && old.ready === now.ready && old.localState === now.localState && old.clusterSize === now.clusterSize
    && old.clusterWeight === now.clusterWeight && old.nodeUuid === now.nodeUuid && old.receiveQueue === now.receiveQueue
    && old.flowControlPaused === now.flowControlPaused && old.localStateComment === now.localStateComment
    && old.providerVersion === now.providerVersion && old.takesWrites === now.takesWrites && old.fullAt === now.fullAt
  return same ? old : now
}
