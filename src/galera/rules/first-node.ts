import type { Rule, Verdict } from '../decision.ts'
import type { Uncounted } from '../fork.ts'
import type { Facts } from '../observation.ts'
import { lossOf, majorityTold, type Missing, missingOf, notInView, operatorsWord } from './absent.ts'
import { answering, isPositioned, knownViews, leftBehind, list, type Positioned, positioned, silent } from './known.ts'

/** Rules that choose the node which starts the cluster. */

export const lastMember: Rule = {
  name: 'last-member',
  why: 'Galera sets safe_to_bootstrap on the node that left last. It counts only with a sane UUID and where nobody shows a later view or a higher seqno.',
  invariant: 'The flag never wins against a higher seqno or a newer view.',
  decide(facts) {
    const flagged = positioned(facts).filter((node) => node.data.safeToBootstrap)
    const [only] = flagged
    if (only === undefined || flagged.length > 1) return null
    if (positioned(facts).some((node) => node.data.seqno > only.data.seqno)) return null
    const ownSeqno = only.view?.seqno ?? only.data.seqno
    if (knownViews(facts, only.data.uuid).some((view) => view !== only.view && (view.seqno === null || view.seqno > ownSeqno))) return null
    return choose(facts, only, `${only.name} left last (safe_to_bootstrap 1) and nobody shows anything newer`)
  },
}

export const operatorWord: Rule = {
  name: 'operator-word',
  why: 'An operator has said, by galeractl bootstrap --force, that what only the missing nodes hold may be lost.',
  invariant: 'Every missing member of the newest view was named, and must take the state anew when it returns.',
  decide(facts) {
    return withoutMissing(facts, (missing, uuid) => operatorsWord(facts, uuid, missing))
  },
}

export const majorityGoesOn: Rule = {
  name: 'majority-goes-on',
  why: 'With absent-members=majority, and when waiting has ended, more than half of the newest view by weight goes on, where its votes were cut off in it: then no rival Primary can exist, but writes that only the absent hold are left behind. Who left that view in order Galera takes out of the quorum, so its vote rules out nothing.',
  invariant: 'More than half of the newest view has reported its position, the absent nodes cannot be Primary by Galera\'s own quorum, none of them accepts connections, and they must take a full state transfer when they return.',
  decide(facts) {
    return withoutMissing(facts, (missing, uuid) => majorityTold(facts, uuid, missing))
  },
}

export const historyLost: Rule = {
  name: 'history-lost',
  why: 'A view or a fork is recorded that began beyond everybody\'s data: what was acknowledged in it was lost with the disks of its members. To go on from less would hide that.',
  invariant: 'No program rolls the cluster back behind a recorded view.',
  decide(facts) {
    if (!isPositioned(facts.self)) return null
    const loss = lossOf(facts, facts.self.data.uuid)
    if (loss === null || loss.names.every((name) => facts.orders?.lose.includes(name))) return null
    return { do: 'refuse', reason: `The data of a recorded view went to seqno ${loss.begun} at least, but no data that counts goes beyond ${loss.reached}: acknowledged writes were lost with ${list(loss.names)}.`, hint: 'Restore a snapshot, bring a disk back, or look at galeractl rescued; to go on with what is left: galeractl bootstrap --force.' }
  },
}

export const mostAdvanced: Rule = {
  name: 'most-advanced',
  why: 'With everybody of the newest view known and one history, the highest seqno holds every acknowledged write; ties go to the first by name.',
  invariant: 'The chosen node has the highest seqno of all known nodes.',
  decide(facts) {
    const [first] = positioned(facts).toSorted(byAdvance)
    if (first === undefined) return null
    return choose(facts, first, `${first.name} has the highest position, ${first.data.seqno}`)
  },
}

/** Most advanced first; ties the same way on every node: safe_to_bootstrap, then name. */
function byAdvance(a: Positioned, b: Positioned): number {
  if (a.data.seqno !== b.data.seqno) return a.data.seqno > b.data.seqno ? -1 : 1
  if (a.data.safeToBootstrap !== b.data.safeToBootstrap) return a.data.safeToBootstrap ? -1 : 1
  return a.name < b.name ? -1 : 1
}

function withoutMissing(facts: Facts, right: (missing: Missing, uuid: string) => Uncounted | null): Verdict | null {
  if (!isPositioned(facts.self)) return null
  const { uuid } = facts.self.data
  const uncounted = right(missingOf(facts, uuid), uuid)
  const [first] = positioned(facts).toSorted(byAdvance)
  if (uncounted === null || first === undefined) return null
  const of = uncounted.why === 'forced' ? `an operator's word: ${uncounted.reason}` : uncounted.reason
  return choose(facts, first, `${first.name} has the highest known position, ${first.data.seqno}; ${list(uncounted.names)} ${uncounted.names.length === 1 ? 'is' : 'are'} left behind (${of})`, uncounted)
}

function choose(facts: Facts, chosen: Positioned, reason: string, uncounted: Uncounted | null = null): Verdict {
  const others = silent(facts).map((peer) => peer.name).filter((name) => !uncounted?.names.includes(name))
  const without = others.length > 0 ? ` No answer from ${list(others)}, not of the newest view.` : ''
  if (chosen.name === facts.self.name) {
    return { do: 'bootstrap', reason: `${reason}.${without}`, uuid: chosen.data.uuid, seqno: chosen.data.seqno, known: answering(facts), leftBehind: leftBehind(facts), without: uncounted === null ? [] : [uncounted, ...notInView(others)] }
  }
  const hint = chosen.intent === 'start' ? 'Nothing to do; this node joins it.' : `Start ${chosen.name}.`
  return { do: 'wait', reason: `${reason}: it starts the cluster.${without}`, for: [chosen.name], hint }
}
