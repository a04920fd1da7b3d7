import { type GaleractlError, OutsideError, RefusedError } from '../errors.ts'
import { isHistory } from '../galera/gtid.ts'
import { type Ledger, recordFormerView, recordJoining, recordLeaving, recordView, recordViewId } from '../galera/ledger.ts'
import { awaitsState, isSynced, type NodeStatus } from '../galera/node-status.ts'
import type { View } from '../galera/view.ts'
import { readGvwstate } from '../mariadb/position.ts'
import { lastErrors, stopServer } from '../mariadb/server.ts'
import type { Node } from './node.ts'
import { lastViewOf } from './report.ts'

/** Milliseconds; SQL is answered only after the group was joined, so any is long. */
const LONGEST_OUTSIDE = 1_000

/** Looks at the local server once; the ledger learns of a new view. SQL that does not answer yet is no status. */
export async function poll(node: Node): Promise<void> {
  const number = ++node.polls
  try {
    const status = await node.session.status()
    if (awaitsState(status)) return nothingKnown(node, number)
    // First, so that nobody is told of a primary component with the view of an earlier one.
    const viewKnown = status.primary ? await learnView(node, status) : await learnFormerView(node, status)
    if (number !== node.polls) return
    node.viewKnown = viewKnown
    // A server that Galera has merged learns at once what the others decided without it.
    if (status.primary && node.nonPrimarySince !== null) node.peersSeen = -Infinity
    node.status = status.connected ? status : null
    node.statusAt = performance.now()
    node.outsideSince = status.connected ? null : (node.outsideSince ?? performance.now())
    node.nonPrimarySince = status.connected && !status.primary ? (node.nonPrimarySince ?? performance.now()) : null
  } catch {
    nothingKnown(node, number)
  }
}

function nothingKnown(node: Node, number: number): void {
  if (number !== node.polls) return
  node.status = null
  node.outsideSince = null
  node.nonPrimarySince = null
}

/**
 * A disk that can't be written makes no node unready; what the ledger did not learn it learns at the next look.
 * @returns whether the ledger knows the view that the node is in
 */
async function learnView(node: Node, status: NodeStatus): Promise<boolean> {
  if (isForeign(node, status)) return false
  const view = await node.session.view(status.nodeUuid, status.clusterWeight)
  if (view === null || view.uuid !== status.stateUuid || view.members.length !== status.clusterSize) return false
  const old = node.ledger.ledger.view
  const known = old !== null && old.uuid === view.uuid && old.seqno === view.seqno && old.weight === view.weight && old.ownWeight !== null
  const ownWeight = known ? old.ownWeight : await node.session.weight()
  const id = node.namedView === view.seqno ? null : await viewIdOf(node, view)
  const named = (ledger: Ledger) => (id === null ? ledger : recordViewId(ledger, id))
  const learn = (ledger: Ledger) => recordJoining(recordView(named(ledger), { ...view, ownWeight }), ledger.joining && !isSynced(status))
  const learned = () => {
    if (id !== null) node.namedView = view.seqno
    return true
  }
  return node.ledger.update(learn).then(learned, (error) => {
    node.log.error({ err: error }, 'the ledger can not be written')
    return false
  })
}

/** What gvwstate.dat calls this view; null where it tells of another. */
async function viewIdOf(node: Node, view: View): Promise<string | null> {
  const { gvwstate } = await readGvwstate(node.paths.data)
  return gvwstate?.members.join() === view.members.map(({ uuid }) => uuid).toSorted().join() ? gvwstate.viewId : null
}

/**
 * gvwstate.dat, which a graceful stop removes, may know a primary view that no agent has seen: it was over before, or came since the last look.
 * Who does not know it would take an older one for the newest. Rejects where the ledger can't be written.
 */
async function learnFormerView(node: Node, status: NodeStatus | null): Promise<false> {
  const { gvwstate } = await readGvwstate(node.paths.data)
  const view = lastViewOf(node, gvwstate, status)
  if (view !== null) await node.ledger.update((ledger) => recordFormerView(ledger, view))
  return false
}

/** The same before the file goes, as far as that is possible. */
export async function rememberView(node: Node): Promise<void> {
  if (node.status !== null && isForeign(node, node.status)) return
  await learnFormerView(node, node.status).catch((error) => node.log.error({ err: error }, 'the ledger can not be written'))
}

/** Stops the node's mariadbd; from this moment it counts as serving nothing. @returns whether it ended by itself */
export async function endServer(node: Node, timeout: number): Promise<boolean> {
  node.polls++
  node.status = null
  // Durably before the signal: a server that dies while it stops may have left in order.
  await node.ledger.update(recordLeaving).catch((error) => node.log.error({ err: error }, 'the ledger can not be written'))
  return node.server === null || stopServer(node.server, timeout)
}

/** Primary with no history, or with another than the ledger remembers: never recorded, and stopped at once. */
export function isForeign(node: Node, status: NodeStatus): boolean {
  const { history } = node.ledger.ledger
  return status.primary && (!isHistory(status.stateUuid) || (history !== null && history !== status.stateUuid))
}

/**
 * Galera that could not join ("Receiving IST failed, node restart required"), or was voted out as inconsistent, leaves the group for good
 * while mariadbd goes on to answer SQL [ran]: only a restart helps.
 */
export async function endIfOutside(node: Node, logOffset: number): Promise<void> {
  if (node.server === null || node.outsideSince === null || performance.now() - node.outsideSince < LONGEST_OUTSIDE) return
  const errors = await lastErrors(node.paths.serverLog, logOffset)
  await endServer(node, node.config.stopTimeout)
  throw new OutsideError('left-group', `mariadbd left the group and would not come back by itself: ${errors[0] ?? 'its log shows no error'}`, `Nothing to do if the agent succeeds now; else read ${node.paths.serverLog}.`)
}

export function wrongHistory(node: Node, expected: string | null, actual: string): GaleractlError {
  node.log.fatal({ expected, actual }, 'mariadbd was stopped: Primary with the wrong history')
  return new RefusedError('wrong-history', `mariadbd came up Primary with history ${actual}${expected === null ? '' : `, expected ${expected}`}; it was stopped at once`, 'Stop all nodes with galeractl stop, then start them with galeractl start; see galeractl explain.')
}
