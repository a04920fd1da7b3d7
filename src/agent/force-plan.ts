import { RefusedError } from '../errors.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import { forcedBy } from '../galera/force.ts'
import type { Rest } from '../galera/rules/absent.ts'
import type { Node } from './node.ts'

/** What a bootstrap by an operator's word would do, before it is given. */
export interface ForcePlan {
  readonly name: string
  /** Whose data may be lost: all of them must be named. */
  readonly missing: readonly string[]
  /** Who must stay silent until it is done. */
  readonly gone: readonly string[]
  readonly why: string
  /** Whether they may be Primary. */
  readonly rest: Rest
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
  await node.loop.until(({ datadir, server, failure }) => datadir !== null || server !== null || failure !== null)
  const peers = await node.ask()
  node.loop.give({ in: 'observed', observations: peers })
  const self = node.report
  if (self.kind === 'primary') throw new RefusedError('not-needed', 'this node is in a primary component', 'Nothing to do; see galeractl status.')
  const { lose, gone, why, rest, decision } = forcedBy({ self, peers }, reason)
  if (lose.length === 0) throw new RefusedError('not-needed', 'every member of the newest view has told its position: nothing must be forced', 'Run galeractl start; galeractl explain shows what it waits for.')
  return { ...chosen(decision), name: self.name, missing: lose, gone, why, rest, reason: decision.reason, evidence: decision.evidence }
}

function chosen(decision: Decision | RunningDecision): { uuid: string; seqno: string } {
  if ((decision.do === 'bootstrap' || decision.do === 'repair') && decision.uuid !== null) return { uuid: decision.uuid, seqno: String(decision.seqno) }
  throw new RefusedError('not-possible', `also by an operator's word this node does not go first: ${decision.reason}`, 'hint' in decision ? decision.hint : 'See galeractl explain.')
}
