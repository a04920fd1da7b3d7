import type { Decision, RunningDecision } from './decision.ts'
import type { Down, Facts, Live } from './observation.ts'
import { chosenSilent, lossOf, missingOf, type Rest, restOf, whoMayBe } from './rules/absent.ts'
import { decide, decideNonPrimary } from './rules/decide.ts'

/** What would be done if an operator gave up all that are missing. */
export interface Forced {
  /** Whose data may be lost; empty where nothing must be forced. */
  readonly lose: readonly string[]
  /** Who must stay silent until it is done: those of them that do not answer, and where nobody can name one of them all that do not. */
  readonly gone: readonly string[]
  readonly why: string
  /** Whether those may be a primary component without this node. */
  readonly rest: Rest
  readonly decision: Decision | RunningDecision
}

export function forcedBy({ self, peers }: Facts<Down | Live>, reason: string): Forced {
  const facts = { self, peers }
  const uuid = (self.kind === 'down' ? (self.data.kind === 'position' ? self.data.uuid : null) : self.uuid) ?? ''
  const missing = missingOf(facts, uuid)
  const lose = [...new Set([...missing.names, ...(lossOf(facts, uuid)?.names ?? []), ...chosenSilent(facts)])].toSorted()
  const orders = { majority: false, lose, reason }
  const decision = self.kind === 'down' ? decide({ self, peers, orders }) : decideNonPrimary({ self, peers, orders })
  const heard = new Set(peers.filter(({ kind }) => kind !== 'silent').map((one) => one.name))
  const gone = whoMayBe(facts, uuid, lose).filter((name) => !heard.has(name))
  return { lose, gone, rest: restOf(facts, uuid), why: missing.names.length > 0 ? missing.why : 'its data is lost', decision }
}
