import { RefusedError } from '../errors.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import type { Orders } from '../galera/observation.ts'
import { chosenSilent, lossOf, missingOf } from '../galera/rules/absent.ts'
import { decide, decideNonPrimary } from '../galera/rules/decide.ts'
import { askPeers } from '../peers/ask.ts'
import { rememberView } from './membership.ts'
import type { Node } from './node.ts'
import { readPosition } from './position.ts'
import { report } from './report.ts'

/** What a bootstrap by an operator's word would do, before it is given. */
export interface ForcePlan {
  readonly name: string
  /** Whose data may be lost: all of them must be named. */
  readonly missing: readonly string[]
  /** Those of them that do not answer. */
  readonly gone: readonly string[]
  readonly why: string
  /** From where the cluster would go on. */
  readonly uuid: string
  readonly seqno: string
  readonly reason: string
  readonly evidence: readonly string[]
}

/**
 * Asks everybody once more and decides as if all who are missing might be lost.
 * @throws RefusedError `not-needed`, `not-possible`
 */
export async function planForce(node: Node, reason: string): Promise<ForcePlan> {
  if (node.server === null) await readPosition(node)
  else await rememberView(node)
  node.hear(await askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout }))
  const self = report(node)
  const uuid = self.kind === 'down' ? (self.data.kind === 'position' ? self.data.uuid : null) : self.uuid
  if (self.kind === 'primary') throw new RefusedError('not-needed', 'this node is in a primary component', 'Nothing to do; see galeractl status.')
  const facts = { self, peers: node.observations }
  const missing = missingOf(facts, uuid ?? '')
  const lost = lossOf(facts, uuid ?? '')?.names ?? []
  const names = [...new Set([...missing.names, ...lost, ...chosenSilent(facts)])].toSorted()
  if (names.length === 0) throw new RefusedError('not-needed', 'every member of the newest view has told its position: nothing must be forced', 'Run galeractl start; galeractl explain shows what it waits for.')
  const orders: Orders = { majority: false, lose: names, reason }
  const decision = self.kind === 'down' ? decide({ self, peers: node.observations, orders }) : decideNonPrimary({ self, peers: node.observations, orders })
  const heard = new Set(node.observations.filter(({ kind }) => kind !== 'silent').map((one) => one.name))
  return { ...chosen(decision), name: self.name, missing: names, gone: names.filter((name) => !heard.has(name)), why: missing.names.length > 0 ? missing.why : 'its data is lost', reason: decision.reason, evidence: decision.evidence }
}

function chosen(decision: Decision | RunningDecision): { uuid: string; seqno: string } {
  if ((decision.do === 'bootstrap' || decision.do === 'repair') && decision.uuid !== null) return { uuid: decision.uuid, seqno: String(decision.seqno) }
  throw new RefusedError('not-possible', `also by an operator's word this node does not go first: ${decision.reason}`, 'hint' in decision ? decision.hint : 'See galeractl explain.')
}
