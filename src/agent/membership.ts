import { type GaleractlError, OutsideError, RefusedError } from '../errors.ts'
import type { Decision } from '../galera/decision.ts'
import { isHistory } from '../galera/gtid.ts'
import { recordView } from '../galera/ledger.ts'
import type { NodeStatus } from '../galera/node-status.ts'
import { readGvwstate } from '../mariadb/position.ts'
import { isRunning, killServer, lastErrors, stopServer, tidyServerFiles } from '../mariadb/server.ts'
import { waitFor } from '../system/wait.ts'
import type { Node } from './node.ts'

/** A state transfer of a large database takes hours; mariadbd itself gives up where there is nobody to join. */
const LONGEST_JOIN = 7 * 24 * 3_600_000

/**
 * Galera waits for ever for the members of a restored view. Where they do not come, because one of them
 * has lost its gvwstate.dat or died meanwhile, all must ask and decide anew. Milliseconds.
 */
const LONGEST_REFORM = 30_000

/** Milliseconds; SQL is answered only after the group was joined, so any is long. */
const LONGEST_OUTSIDE = 1_000

/**
 * The wait loop on the cluster's identity: until the node is Synced in a primary component whose
 * history is the expected one. A nil or foreign history is stopped at once.
 * @throws RefusedError `wrong-history`; OutsideError `server-ended`
 */
export async function awaitMembership(node: Node, decision: Decision, logOffset: number, signal: AbortSignal): Promise<void> {
  const launched = performance.now()
  await waitFor('the node is Synced', async () => {
    if (node.server === null || !(await isRunning(node.server))) throw await serverEnded(node, logOffset)
    await poll(node)
    await endIfOutside(node, logOffset)
    if (node.status?.primary) await checkIdentity(node, decision)
    else if (decision.do === 'reform' && performance.now() - launched > LONGEST_REFORM) await giveUpReform(node)
    if (node.synced) return true
    if (node.status !== null) node.say('joining', `mariadbd is ${node.status.localStateComment || 'connecting'}${node.status.primary ? '' : ', not in a primary component'}`)
    else node.say('joining', joiningMessage(decision))
    return undefined
  }, { timeout: LONGEST_JOIN, interval: 25, signal })
  node.launched = null
  node.datadir = null
  node.askingSince = null
  node.word = null
}

/** Looks at the local server once; the ledger learns of a new view. SQL that does not answer yet is no status. */
export async function poll(node: Node): Promise<void> {
  try {
    const status = await node.session.status()
    node.status = status.connected ? status : null
    node.outsideSince = status.connected ? null : (node.outsideSince ?? performance.now())
    node.nonPrimarySince = status.connected && !status.primary ? (node.nonPrimarySince ?? performance.now()) : null
    await learnView(node, status)
  } catch {
    node.status = null
    node.outsideSince = null
    node.nonPrimarySince = null
  }
}

/** A disk that can't be written makes no node unready; what the ledger did not learn it learns at the next look. */
async function learnView(node: Node, status: NodeStatus): Promise<void> {
  if (!status.primary || isForeign(node, status)) return
  const view = await node.session.view(status.nodeUuid, status.clusterWeight)
  if (view === null || view.uuid !== status.stateUuid || view.members.length !== status.clusterSize) return
  await node.ledger.update((ledger) => recordView(ledger, view)).catch((error) => node.log.error({ err: error }, 'the ledger can not be written'))
}

/** gvwstate.dat, which a graceful stop removes, may know a primary view that was over before an agent saw it. */
export async function rememberView(node: Node): Promise<void> {
  if (node.status?.primary) return
  const { gvwstate } = await readGvwstate(node.paths.data)
  const view = node.lastView(gvwstate)
  if (view !== null) await node.ledger.update((ledger) => recordView(ledger, view))
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
  await stopServer(node.server, node.config.stopTimeout)
  throw new OutsideError('left-group', `mariadbd left the group and would not come back by itself: ${errors[0] ?? 'its log shows no error'}`, `Nothing to do if the agent succeeds now; else read ${node.paths.serverLog}.`)
}

/** SIGKILL: it serves nothing, and a graceful stop would remove gvwstate.dat. */
async function giveUpReform(node: Node): Promise<never> {
  if (node.server !== null) await killServer(node.server)
  throw new OutsideError('not-re-formed', `the view did not re-form within ${LONGEST_REFORM / 1000} s`, 'Nothing to do: the peers are asked again. See galeractl explain.')
}

async function checkIdentity(node: Node, decision: Decision): Promise<void> {
  const actual = node.status?.stateUuid ?? ''
  const expected = decision.do === 'join' || decision.do === 'reform' ? decision.uuid : decision.do === 'bootstrap' ? decision.uuid : null
  if (isHistory(actual) && (expected === null || expected === actual)) return
  if (node.server !== null) await killServer(node.server)
  throw wrongHistory(node, expected, actual)
}

export function wrongHistory(node: Node, expected: string | null, actual: string): GaleractlError {
  node.log.fatal({ expected, actual }, 'mariadbd was stopped: Primary with the wrong history')
  return new RefusedError('wrong-history', `mariadbd came up Primary with history ${actual}${expected === null ? '' : `, expected ${expected}`}; it was stopped at once`, 'Stop all nodes with galeractl stop, then start them with galeractl start; see galeractl explain.')
}

async function serverEnded(node: Node, logOffset: number): Promise<GaleractlError> {
  const errors = await lastErrors(node.paths.serverLog, logOffset)
  await tidyServerFiles(node.files)
  const said = errors.length === 0 ? 'its log shows no error' : errors.at(-1)
  return new OutsideError('server-ended', `mariadbd ended while it started: ${said}`, `Read ${node.paths.serverLog}.`)
}

function joiningMessage(decision: Decision): string {
  return decision.do === 'join' ? 'mariadbd starts; the state may be on its way from a donor' : 'mariadbd starts'
}
