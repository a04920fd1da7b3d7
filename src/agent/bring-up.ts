import { setTimeout as delay } from 'node:timers/promises'
import { FaultsError, type GaleractlError, RefusedError } from '../errors.ts'
import type { Decision } from '../galera/decision.ts'
import { recordDecision } from '../galera/ledger.ts'
import type { Down, Facts } from '../galera/observation.ts'
import { isOvertaken } from '../galera/restored.ts'
import { joinsBefore } from '../galera/join-turn.ts'
import { decide } from '../galera/rules/decide.ts'
import { scriptFault } from '../mariadb/basedir.ts'
import { findServer, killServer, logSize } from '../mariadb/server.ts'
import { ensureCertificate } from '../tls/files.ts'
import { askPeers } from '../peers/ask.ts'
import { raiseFence } from './fence-exchange.ts'
import { launch } from './launch.ts'
import { askToLook } from './look-now.ts'
import { awaitMembership } from './await-membership.ts'
import { poll } from './membership.ts'
import type { Node } from './node.ts'
import { readPosition } from './position.ts'
import { reportDown } from './report.ts'

/** A refusal stands when it was reached this often in a row, so that a moment's picture of a changing cluster refuses nothing. */
const REFUSALS = 4

/** How long a node lets others join before itself, milliseconds. */
const LONGEST_TURN = 5_000

/**
 * From a stopped node to a Synced one: position, ask, decide, fence, launch, wait for the identity.
 * Returns when Synced; goes on asking as long as the decision is to wait.
 * @throws RefusedError where a rule refuses; FaultsError where the certificate has a fault; OutsideError where mariadbd ends; AbortError on stop
 */
export async function bringUp(node: Node, signal: AbortSignal): Promise<void> {
  node.askingSince ??= performance.now()
  let refusals = 0
  let turn: number | null = null
  for (let round = 0; ; round++) {
    signal.throwIfAborted()
    if (await takeOver(node)) return
    refuseOvertaken(node)
    await node.reload()
    await readPosition(node, signal)
    const { decision, self } = await considerNow(node)
    await node.ledger.update((ledger) => recordDecision(ledger, decision, new Date().toISOString()))
    refusals = decision.do === 'refuse' ? refusals + 1 : 0
    if (decision.do === 'refuse') {
      if (refusals >= REFUSALS) throw refusal(decision)
    } else if (decision.do === 'wait') {
      node.say('waiting', decision.reason)
      if (decision.rule === 'replaced-runs') await askToLook(node, decision.for)
    } else if (decision.do === 'join' && joinsBefore(factsOf(node)).length > 0 && performance.now() - (turn ??= performance.now()) < LONGEST_TURN) {
      node.say('waiting', `letting ${joinsBefore(factsOf(node)).join(', ')} join first`)
    } else if (await carryOut(node, self, decision, signal)) {
      return
    }
    await delay(pause(round), undefined, { signal })
  }
}

/** @throws RefusedError `restore-overtaken` */
function refuseOvertaken({ ledger, startsRestored }: Node): void {
  const { restored, forks, history } = ledger.ledger
  if (startsRestored || !isOvertaken(ledger.ledger, new Date().toISOString())) return
  const what = forks.findLast(({ into }) => into === history)
  throw new RefusedError('restore-overtaken', `${what?.reason ?? 'a snapshot'} was restored here and should have started before ${restored?.until}: the others may have gone on with what it replaces`, 'To replace what they hold now: galeractl start --restored. To drop the restored data: move data/ and state/ledger.json aside, then galeractl setup and galeractl start.')
}

/** A mariadbd that runs already, of an earlier agent or started by hand, is taken over: it is watched like our own. */
export async function takeOver(node: Node): Promise<boolean> {
  const server = await findServer(node.files)
  if (server === null) return false
  node.server = server
  node.launched = null
  node.madeEmpty = false
  await poll(node)
  if (server.launch === 'reform' && node.status === null) {
    // It waits for others that may never come; whoever launched it can't give it up any more.
    await killServer(server)
    node.server = null
    return false
  }
  node.say('joining', `took over the running mariadbd (pid ${server.pid})`)
  return true
}

/** Asks everybody and decides. `self`: the node as it was then. */
async function considerNow(node: Node): Promise<{ decision: Decision; self: Down }> {
  if (node.phase !== 'waiting') node.say('asking peers', `asking ${node.others.length} peers`)
  node.hear(await askAll(node))
  const facts = factsOf(node)
  const decision = decide(facts)
  node.decision = decision
  return { decision, self: facts.self }
}

/** What a stopped node would decide if it were started now; leaves the node as it is. */
export async function foresee(node: Node): Promise<Decision> {
  const peers = await askAll(node)
  return decide({ self: { ...reportDown(node), intent: 'start' }, peers, orders: node.orders })
}

const askAll = (node: Node) => askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout })

export function factsOf(node: Node): Facts {
  return { self: reportDown(node), peers: node.observations, orders: node.orders }
}

async function carryOut(node: Node, self: Down, decision: Extract<Decision, { do: 'join' | 'reform' | 'bootstrap' }>, signal: AbortSignal): Promise<boolean> {
  const unknown = await scriptFault(node.config, node.mariadb)
  if (unknown !== null) throw new FaultsError('state transfer', [unknown])
  const renewed = await ensureCertificate(node.config, node.paths.tls, new Date())
  if (renewed !== null) node.log.info(`a new certificate was made: ${renewed}`)
  let epoch = 0
  if (decision.do !== 'join') {
    node.say('fencing', `${decision.reason} Asking all reachable peers to acknowledge.`)
    const fence = await raiseFence(node, decision, self)
    if (!fence.held) {
      node.say('waiting', `Not acknowledged: ${fence.reason}. Asking again.`)
      return false
    }
    epoch = fence.epoch
  }
  if (signal.aborted) node.launched = null
  signal.throwIfAborted()
  const offset = await logSize(node.paths.serverLog)
  await launch(node, decision, epoch)
  await awaitMembership(node, decision, offset, signal)
  return true
}

function refusal(decision: Extract<Decision, { do: 'refuse' }>): GaleractlError {
  return new RefusedError(decision.rule, decision.reason, decision.hint)
}

/** Milliseconds until the peers are asked again: quick at first, then once a second. */
function pause(round: number): number {
  return round < 40 ? 50 + Math.random() * 50 : 1000
}
