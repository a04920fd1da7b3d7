import type { Fork } from '../fork.ts'
import type { Gvwstate } from '../gvwstate.ts'
import { isHistory, NIL_UUID } from '../gtid.ts'
import { lastView } from '../last-view.ts'
import { forksAt, type Ledger } from '../ledger.ts'
import { isSynced } from '../node-status.ts'
import type { Data, Down, Live, Orders } from '../observation.ts'
import { isOvertaken } from '../restored.ts'
import type { View } from '../view.ts'
import type { Moment } from './input.ts'
import type { State } from './state.ts'

/** An older status says nothing any more, milliseconds. */
const LONGEST_STATUS = 15_000

type Now = Pick<Moment, 'now' | 'at'>

/** Synced in a primary component, as far as the last look still counts. */
export const isUp = ({ status, statusAt }: State, now: number): boolean =>
  status !== null && isSynced(status) && now - statusAt < LONGEST_STATUS

/** What a node says of itself. The same state gives the same value. */
export function report(state: State, moment: Now): Down | Live {
  return state.status === null || state.server === null ? reportDown(state, moment) : reportLive(state, moment.now)
}

/** The same while its server does not run, or does not answer. */
export function reportDown(state: State, { at }: Pick<Now, 'at'>): Down {
  const silenced = awaitsPerson(state, at)
  const { ledger, intent, launched, datadir, server, settings, givenUpViews, status } = state
  const last = state.reports.down
  const same = last !== null && last.ledger === ledger && last.silenced === silenced && last.intent === intent && last.launched === launched
    && last.datadir === datadir && last.running === (server !== null) && last.settings === settings
    && last.givenUpViews === givenUpViews && last.status === status
  if (same) return last.value
  const value = describeDown(state, silenced)
  state.reports.down = { ledger, silenced, intent, launched, datadir, running: server !== null, settings, givenUpViews, status, value }
  return value
}

function describeDown(state: State, silenced: boolean): Down {
  const { ledger, datadir, settings } = state
  const data = knownData(state)
  const forks = forksAt(ledger, datadir?.data.kind === 'position' ? datadir.data.seqno : null)
  return {
    kind: 'down',
    name: settings.name,
    intent: state.intent,
    launched: state.launched,
    data: silenced ? { kind: 'partial' } : data,
    history: ledger.history,
    view: lastViewOf(state, datadir?.gvwstate ?? null),
    nodeUuids: ledger.nodeUuids,
    gvwstate: restorableView(state),
    listed: settings.listed,
    weight: ledger.view?.ownWeight ?? settings.weight,
    forks: silenced ? forks.filter((fork) => !isOwnRestore(fork, ledger)) : forks,
    departures: ledger.departures,
    promise: ledger.promise,
  }
}

function reportLive(state: State, now: number): Live {
  const { ledger, status, viewKnown, repairing, settings } = state
  const synced = isUp(state, now)
  const last = state.reports.live
  const same = last !== null && last.ledger === ledger && last.status === status && last.viewKnown === viewKnown && last.repairing === repairing
    && last.settings === settings && last.synced === synced
  if (same) return last.value
  const value = describeLive(state, synced)
  state.reports.live = { ledger, status, viewKnown, repairing, settings, synced, value }
  return value
}

function describeLive({ ledger, status, viewKnown, repairing, settings }: State, synced: boolean): Live {
  if (status === null) throw new Error('there is no status')
  const { stateUuid, lastCommitted, primary, nodeUuid, localState, receiveQueue } = status
  return {
    kind: primary ? 'primary' : 'non-primary',
    name: settings.name,
    uuid: stateUuid === NIL_UUID && !primary ? (ledger.history ?? NIL_UUID) : stateUuid,
    seqno: lastCommitted,
    synced,
    joining: localState === 1 || localState === 3,
    nodeUuid,
    nodeUuids: ledger.nodeUuids,
    receiveQueue,
    repairing,
    view: primary && !viewKnown ? null : ledger.view,
    weight: ledger.view?.ownWeight ?? settings.weight,
    forks: forksAt(ledger, primary ? lastCommitted : null),
    departures: ledger.departures,
    promise: ledger.promise,
  }
}

/** A restore that nobody is carrying out, or that has waited too long, concerns nobody else yet. */
function awaitsPerson({ ledger, intent, startsRestored }: State, at: string): boolean {
  return ledger.restored !== null && (intent === 'stay' || (!startsRestored && isOvertaken(ledger, at)))
}

const isOwnRestore = ({ into }: Fork, { history }: Ledger): boolean => into !== null && into === history

/** The newest view that this node was in, as far as ledger and gvwstate.dat show. `status`: of its server, which knows the history. */
export function lastViewOf(state: State, gvwstate: Gvwstate | null, status = state.status): View | null {
  const { view, history, viewIds, joining } = state.ledger
  if (gvwstate === null) return view
  const data = state.datadir?.data
  const uuid = status !== null && isHistory(status.stateUuid) ? status.stateUuid : data?.kind === 'position' ? data.uuid : history
  return uuid === null ? view : lastView(view, gvwstate, uuid, state.settings.name, viewIds, joining)
}

/** gvwstate.dat as far as starting together from it is still worth a try. */
function restorableView({ datadir, givenUpViews, ledger }: State): Gvwstate | null {
  // Who was joining may have been in that view without the group's state.
  const gvwstate = datadir?.restorable && !ledger.joining ? datadir.gvwstate : null
  return gvwstate !== null && givenUpViews.includes(gvwstate.viewId) ? null : gvwstate
}

const RUNS_SILENT: Data = { kind: 'unknown', reason: 'mariadbd runs and does not answer' }
const BEING_READ: Data = { kind: 'unknown', reason: 'being read' }

/** A running server is ahead of what was read before it started: only while it is launched does that still count. */
function knownData({ server, launched, datadir, ledger }: State): Data {
  if (server !== null && launched === null) return RUNS_SILENT
  const data = datadir?.data ?? BEING_READ
  if (data.kind !== 'position') return data
  // We wrote the flag for a bootstrap that came to nothing: it does not say that this node left last, nor grastate.dat that it left in order.
  const { flaggedAt } = ledger
  return flaggedAt !== null && data.seqno <= flaggedAt ? { ...data, safeToBootstrap: false, closed: undefined } : data
}

/** By whose word absent members may be left behind, now. */
export function ordersOf({ askingSince, nonPrimarySince, settings, override }: State, now: number): Orders {
  const since = askingSince ?? nonPrimarySince
  const majority = settings.majority && (since === null ? 0 : now - since) >= settings.absentWait
  return { majority, lose: override?.lose ?? [], reason: override?.reason ?? '' }
}
