import type { Decision, Rule } from '../decision.ts'
import { describeObservation, type Facts } from '../observation.ts'
import { allFresh, dataLost, freshNeedsPrimary, noPeerList } from './fresh-cluster.ts'
import { foreignPrimary, joinPrimary, nilPrimary, twoPrimaries } from './running-cluster.ts'
import { historyChanged, lastMember, liveNonPrimary, membersMissing, mostAdvanced, positionUnknown, reform, startUnderWay, twoHistories } from './stopped-cluster.ts'

/** In order; the first that applies decides. Same facts, same decision, on every node. */
export const RULES: readonly Rule[] = [
  twoPrimaries,
  nilPrimary,
  historyChanged,
  foreignPrimary,
  joinPrimary,
  noPeerList,
  positionUnknown,
  twoHistories,
  startUnderWay,
  dataLost,
  freshNeedsPrimary,
  allFresh,
  reform,
  liveNonPrimary,
  lastMember,
  membersMissing,
  mostAdvanced,
]

/** @throws Error if no rule applies: the list is complete, so that is a bug. */
export function decide(facts: Facts, rules: readonly Rule[] = RULES): Decision {
  const evidence = [facts.self, ...facts.peers].map(describeObservation)
  for (const rule of rules) {
    const verdict = rule.decide(facts)
    if (verdict !== null) return { ...verdict, rule: rule.name, evidence }
  }
  throw new Error(`no rule applies: ${evidence.join('; ')}`)
}
