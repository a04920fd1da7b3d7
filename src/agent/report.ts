import type { Gvwstate } from '../galera/gvwstate.ts'
import { isHistory, NIL_UUID } from '../galera/gtid.ts'
import { lastView } from '../galera/last-view.ts'
import type { Fork } from '../galera/fork.ts'
import { forksAt } from '../galera/ledger.ts'
import { isOvertaken } from '../galera/restored.ts'
import type { Data, Down, Live } from '../galera/observation.ts'
import type { View } from '../galera/view.ts'
import type { Node } from './node.ts'

/** What a node tells of itself. */
export function report(node: Node): Down | Live {
  const { status } = node
  if (status === null || node.server === null) return reportDown(node)
  const { ledger } = node.ledger
  const { stateUuid, lastCommitted, primary, nodeUuid, localState, receiveQueue } = status
  return {
    kind: primary ? 'primary' : 'non-primary',
    name: node.config.name,
    uuid: stateUuid === NIL_UUID && !primary ? (ledger.history ?? NIL_UUID) : stateUuid,
    seqno: lastCommitted,
    synced: node.synced,
    joining: localState === 1 || localState === 3,
    nodeUuid,
    receiveQueue,
    repairing: node.repairing,
    view: primary && !node.viewKnown ? null : ledger.view,
    weight: ledger.view?.ownWeight ?? node.config.weight,
    forks: forksAt(ledger, primary ? lastCommitted : null),
    departures: ledger.departures,
    promise: ledger.promise,
  }
}

/** The same while its mariadbd does not run, or does not answer. */
export function reportDown(node: Node): Down {
  const { ledger } = node.ledger
  return {
    kind: 'down',
    name: node.config.name,
    intent: node.intent,
    launched: node.launched,
    data: waitsForWord(node) ? { kind: 'partial' } : knownData(node),
    history: ledger.history,
    view: lastViewOf(node, node.datadir?.gvwstate ?? null),
    gvwstate: restorableView(node),
    listed: node.config.peers !== null,
    weight: ledger.view?.ownWeight ?? node.config.weight,
    forks: toldForks(node, forksAt(ledger, node.datadir?.data.kind === 'position' ? node.datadir.data.seqno : null)),
    departures: ledger.departures,
    promise: ledger.promise,
  }
}

/** A restore that nobody is carrying out, or that has waited too long, concerns nobody else yet. */
function waitsForWord({ ledger, intent, startsRestored }: Node): boolean {
  return ledger.ledger.restored !== null && (intent === 'stay' || (!startsRestored && isOvertaken(ledger.ledger, new Date().toISOString())))
}

const toldForks = (node: Node, forks: readonly Fork[]): readonly Fork[] => (waitsForWord(node) ? forks.filter(({ into }) => into === null || into !== node.ledger.ledger.history) : forks)

/** The newest view that this node was in, as far as ledger and gvwstate.dat tell. `status`: of its server, which knows the history. */
export function lastViewOf(node: Node, gvwstate: Gvwstate | null, status = node.status): View | null {
  const { view, history, viewIds } = node.ledger.ledger
  const data = node.datadir?.data
  const uuid = status !== null && isHistory(status.stateUuid) ? status.stateUuid : data?.kind === 'position' ? data.uuid : history
  return uuid === null ? view : lastView(view, gvwstate, uuid, node.config.name, viewIds)
}

/** gvwstate.dat as far as starting together from it is still worth a try. */
function restorableView(node: Node): Gvwstate | null {
  const gvwstate = node.datadir?.restorable ? node.datadir.gvwstate : null
  return gvwstate !== null && node.givenUpViews.has(gvwstate.viewId) ? null : gvwstate
}

/** A running server is ahead of what was read before it started: only while it is launched does that still tell. */
function knownData(node: Node): Data {
  if (node.server !== null && node.launched === null) return { kind: 'unknown', reason: 'mariadbd runs and does not answer' }
  const data = node.datadir?.data ?? { kind: 'unknown', reason: 'being read' }
  if (data.kind !== 'position') return data
  // We wrote the flag for a bootstrap that came to nothing: it does not say that this node left last.
  const { flaggedAt } = node.ledger.ledger
  return flaggedAt !== null && data.seqno <= flaggedAt ? { ...data, safeToBootstrap: false } : data
}
