import type { Decision, Rule, RunningDecision } from '../decision.ts'
import { describeObservation, type Down, type Facts, type Live } from '../observation.ts'
import { allFresh, dataLost, freshNeedsPrimary, noPeerList } from './fresh-cluster.ts'
import { chosenElsewhere, furtherStopped, leftBehindLeaves, mergeAvoided, othersUnsettled, primaryElsewhere, repairInPlace, runningHistories, viewIncomplete } from './non-primary.ts'
import { foreignPrimary, joinPrimary, leftBehindPrimary, nilPrimary, otherBranch, rejoinAnew, replacedRuns, twoPrimaries } from './running-cluster.ts'
import { historyLost, lastMember, majorityGoesOn, mostAdvanced, operatorWord } from './first-node.ts'
import { foreignData, historyChanged, leftBehindWaits, positionUnknown, twoHistories } from './own-data.ts'
import { chosenIsSilent, liveNonPrimary, membersMissing, reform, startUnderWay } from './stopped-cluster.ts'

/** In order; the first that applies decides. Same facts, same decision, on every node. */
export const RULES: readonly Rule[] = [
  twoPrimaries,
  nilPrimary,
  foreignData,
  historyChanged,
  foreignPrimary,
  leftBehindPrimary,
  rejoinAnew,
  otherBranch,
  joinPrimary,
  replacedRuns,
  noPeerList,
  positionUnknown,
  twoHistories,
  leftBehindWaits,
  startUnderWay,
  dataLost,
  freshNeedsPrimary,
  allFresh,
  chosenIsSilent,
  reform,
  liveNonPrimary,
  lastMember,
  operatorWord,
  majorityGoesOn,
  membersMissing,
  historyLost,
  mostAdvanced,
]

/** For a server that runs outside a primary component; in order, the first that applies decides. */
export const NON_PRIMARY_RULES: readonly Rule<Live>[] = [leftBehindLeaves, mergeAvoided, primaryElsewhere, othersUnsettled, chosenElsewhere, viewIncomplete, runningHistories, furtherStopped, repairInPlace]

/** @throws Error if no rule applies: the list is complete, so that is a bug. */
export function decide(facts: Facts, rules: readonly Rule[] = RULES): Decision {
  return firstOf(facts, rules)
}

/** As `decide`, for a server that runs outside a primary component. */
export function decideNonPrimary(facts: Facts<Live>, rules: readonly Rule<Live>[] = NON_PRIMARY_RULES): RunningDecision {
  return firstOf(facts, rules)
}

function firstOf<Self extends Down | Live, SomeVerdict>(facts: Facts<Self>, rules: readonly { readonly name: string; readonly decide: (facts: Facts<Self>) => SomeVerdict | null }[]) {
  const describe = () => [facts.self, ...facts.peers].map(describeObservation)
  for (const { name: rule, decide: apply } of rules) {
    const verdict = apply(facts)
    if (verdict === null) continue
    // Most decisions are to wait as before, and nobody reads on what evidence.
    let evidence: readonly string[] | null = null
    return { ...verdict, rule, get evidence() { return (evidence ??= describe()) } }
  }
  throw new Error(`no rule applies: ${describe().join('; ')}`)
}
