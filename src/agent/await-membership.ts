import { type GaleractlError, OutsideError } from '../errors.ts'
import type { Decision } from '../galera/decision.ts'
import { isHistory } from '../galera/gtid.ts'
import { isRunning, killServer, lastErrors, clearDeadServer } from '../mariadb/server.ts'
import { waitFor } from '../system/wait.ts'
import { NEWS } from '../sst/report.ts'
import { hopelessJoin } from './hopeless-join.ts'
import { shownSst } from './incoming-sst.ts'
import { endIfOutside, poll, wrongHistory } from './membership.ts'
import type { Node } from './node.ts'
import { tendNonPrimary } from './outside-primary.ts'

/** A state transfer of a large database takes hours; mariadbd itself gives up where there is nobody to join. */
const LONGEST_JOIN = 7 * 24 * 3_600_000

/**
 * Galera waits for ever for the members of a restored view. Where they do not come, because one of them
 * has lost its gvwstate.dat or died meanwhile, all must ask and decide anew. Milliseconds.
 */
const LONGEST_REFORM = 30_000

/**
 * The wait loop on the cluster's identity: until the node is Synced in a primary component whose
 * history is the expected one. A nil or foreign history is stopped at once.
 * @throws RefusedError `wrong-history`; OutsideError `server-ended`
 */
export async function awaitMembership(node: Node, decision: Decision, logOffset: number, signal: AbortSignal): Promise<void> {
  const launched = performance.now()
  const endIfHopeless = hopelessJoin(node)
  await waitFor('the node to be Synced', async () => {
    if (node.server === null || !(await isRunning(node.server))) {
      if (decision.do === 'reform') node.givenUpViews.add(decision.viewId)
      throw await serverEnded(node, logOffset)
    }
    await poll(node)
    await endIfOutside(node, logOffset)
    if (node.status?.primary) await checkIdentity(node, decision)
    // The component may break up while this node is still joining it; until it was there first, SQL is closed [ran].
    else if (node.nonPrimarySince !== null) await tendNonPrimary(node)
    else if (decision.do === 'reform' && performance.now() - launched > LONGEST_REFORM) await giveUpReform(node, decision.viewId)
    else if (decision.do === 'join' && node.status === null) await endIfHopeless()
    if (node.synced) return true
    if (node.nonPrimarySince !== null) return undefined
    if (node.status !== null) node.say('joining', `mariadbd is ${node.status.localStateComment || 'connecting'}`)
    else node.say('joining', joiningMessage(decision))
    return undefined
  }, { timeout: LONGEST_JOIN, interval: 25, signal })
  node.launched = null
  node.madeEmpty = false
  node.datadir = null
  node.askingSince = null
  node.word = null
}

/** SIGKILL: it serves nothing, and a graceful stop would remove gvwstate.dat. */
async function giveUpReform(node: Node, viewId: string): Promise<never> {
  node.givenUpViews.add(viewId)
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

async function serverEnded(node: Node, logOffset: number): Promise<GaleractlError> {
  const errors = await lastErrors(node.paths.serverLog, logOffset)
  await clearDeadServer(node.files)
  const failed = shownSst(node)
  if (failed?.state === 'failed' && node.incomingSst !== null && performance.now() - node.incomingSst.heardAt < NEWS) return new OutsideError('sst-failed', `mariadbd ended, for ${failed.from} could not send its state: ${failed.text}`, `Nothing to do where that was a moment's: the node asks again. Else read the server's log of ${failed.from}.`)
  const said = errors.length === 0 ? 'its log shows no error' : errors.at(-1)
  return new OutsideError('server-ended', `mariadbd ended while it started: ${said}`, `Read ${node.paths.serverLog}.`)
}

function joiningMessage(decision: Decision): string {
  return decision.do === 'join' ? 'mariadbd starts; the state may be on its way from a donor' : 'mariadbd starts'
}
