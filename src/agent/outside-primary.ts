import { OutsideError } from '../errors.ts'
import type { RunningDecision } from '../galera/decision.ts'
import { goAlong } from '../galera/go-along.ts'
import { recordDecision } from '../galera/ledger.ts'
import type { Live } from '../galera/observation.ts'
import { decideNonPrimary } from '../galera/rules/decide.ts'
import { askPeers } from '../peers/ask.ts'
import { waitFor } from '../system/wait.ts'
import { raiseFence } from './fence-exchange.ts'
import { endServer, poll } from './membership.ts'
import type { Node } from './node.ts'
import { report } from './report.ts'

/** How long Galera is left to merge a component by itself before anybody is asked, milliseconds. */
const GALERA_FIRST = 2_000

/** How often the peers are asked, milliseconds. */
const INTERVAL = 400

/** How long a server that sees a primary component may need to be merged into it; then the addresses it knows are stale. Milliseconds. */
const LONGEST_MERGE = 60_000

/**
 * From pc.bootstrap=YES to the primary view, milliseconds. It takes some tens, but is lost while the group still
 * finds out who is left [ran]. Then all is asked and decided anew: it may have been primary and lost that again.
 */
const LONGEST_REPAIR = 1_500

/**
 * What a running server outside a primary component does: mostly it waits; with everybody of the newest view known
 * it is repaired in place, or stops to join again.
 * @throws OutsideError `non-primary` where it was stopped
 */
export async function tendNonPrimary(node: Node): Promise<void> {
  const since = node.nonPrimarySince
  const now = performance.now()
  if (since === null || now - since < GALERA_FIRST || now - node.peersSeen < INTERVAL) return
  node.peersSeen = now
  await node.reload()
  node.hear(await askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout }))
  await poll(node)
  const self = report(node)
  if (self.kind !== 'non-primary') return
  const decision = decideNonPrimary({ self, peers: node.observations, orders: node.orders })
  node.decision = decision
  await node.ledger.update((ledger) => recordDecision(ledger, decision, new Date().toISOString()))
  await carryOut(node, self, decision, performance.now() - since)
}

async function carryOut(node: Node, self: Live, decision: RunningDecision, outside: number): Promise<void> {
  if (decision.do === 'repair') return repair(node, self, decision)
  if (decision.do === 'refuse') node.log.error({ evidence: decision.evidence }, decision.reason)
  node.say('waiting', decision.reason)
  if (decision.do === 'leave') return leave(node, decision.reason)
  if (decision.rule === 'primary-elsewhere' && outside > LONGEST_MERGE) return leave(node, `${self.name} was not merged into the primary component within ${LONGEST_MERGE / 1000} s`)
}

/** pc.bootstrap on exactly one: the fence is held by all who answered. */
async function repair(node: Node, self: Live, decision: Extract<RunningDecision, { do: 'repair' }>): Promise<void> {
  node.say('fencing', `${decision.reason} Asking all reachable peers to acknowledge.`)
  const fence = await raiseFence(node, decision, self)
  if (!fence.held) return node.say('waiting', `Not acknowledged: ${fence.reason}. Asking again.`)
  try {
    await node.ledger.update((ledger) => goAlong(ledger, node.observations, decision, decision.seqno, fence.epoch, new Date().toISOString()))
    await node.session.query("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
    await waitFor('the component to become primary', async () => {
      await poll(node)
      return node.status?.primary ? true : undefined
    }, { timeout: LONGEST_REPAIR })
    node.word = null
    node.log.warn({ evidence: decision.evidence }, 'the component was made primary in place')
  } catch (error) {
    node.log.error({ err: error }, 'the repair in place failed; it is tried again')
  } finally {
    node.repairing = false
  }
}

async function leave(node: Node, reason: string): Promise<never> {
  await endServer(node, node.config.stopTimeout)
  throw new OutsideError('non-primary', `mariadbd ran outside a primary component and was stopped to join again: ${reason}`, 'Nothing to do: the peers are asked again. See galeractl explain.')
}
