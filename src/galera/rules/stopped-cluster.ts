import type { Rule, Verdict } from '../decision.ts'
import type { Uncounted } from '../fork.ts'
import { leftBehindAt } from '../left-behind.ts'
import { describeData, type Facts } from '../observation.ts'
import { chosenSilent, lossOf, majorityTold, type Missing, missingOf, notInView, operatorsWord, waitForChosen } from './absent.ts'
import { answering, isPositioned, knownViews, leftBehind, list, type Positioned, positioned, silent } from './known.ts'

/** Rules for nodes with data of which none is Primary. */

export const positionUnknown: Rule = {
  name: 'position-unknown',
  why: 'A node that does not know how far its data goes can neither be chosen nor be compared.',
  invariant: 'No start without a position, but to join a primary component, which brings the state.',
  decide({ self, peers }) {
    if (self.data.kind !== 'unknown' && self.data.kind !== 'partial' && self.data.kind !== 'nil') return null
    const why = describeData(self.data)
    if (peers.length > 0) {
      const names = peers.map((peer) => peer.name).toSorted()
      return { do: 'wait', reason: `This datadir is not to be started from (${why}): it can only join a primary component.`, for: names, hint: `Start ${list(names)}; if this node must go first, repair its datadir.` }
    }
    return { do: 'refuse', reason: `This datadir is not to be started from: ${why}.`, hint: 'Repair the datadir, or move it aside and run galeractl setup: the node then takes the state from the others.' }
  },
}

export const historyChanged: Rule = {
  name: 'history-changed',
  why: 'Data of another history than the one that the ledger remembers: the datadir was replaced, or a server was started by hand without a position and made a history of its own.',
  invariant: 'A node goes on only with the history that it was a member of.',
  decide({ self }) {
    const changed = self.data.kind === 'nil' || (self.data.kind === 'position' && self.data.uuid !== self.history)
    if (self.history === null || !changed) return null
    const held = self.data.kind === 'position' ? `history ${self.data.uuid}` : 'data without a history (a server ran on it without a position)'
    return {
      do: 'refuse',
      reason: `This datadir holds ${held}, but the node was a member of ${self.history}.`,
      hint: 'If others have the history: galeractl stop, move data/ aside, galeractl setup, galeractl start. If this data is the one to keep, or was put here on purpose: galeractl stop, move state/ledger.json aside, galeractl start.',
    }
  },
}

export const twoHistories: Rule = {
  name: 'two-histories',
  why: 'Seqnos of different histories can\'t be compared: the higher number says nothing.',
  invariant: 'Only nodes of one history start together.',
  decide(facts) {
    const nodes = positioned(facts)
    if (new Set(nodes.map((node) => node.data.uuid)).size < 2) return null
    const sides = nodes.map((node) => `${node.name} at ${node.data.uuid}:${node.data.seqno}`)
    return { do: 'refuse', reason: `Two histories: ${list(sides)}.`, hint: 'Decide which history to keep; on the other nodes move the datadir aside and run galeractl setup and galeractl start.' }
  },
}

export const leftBehindWaits: Rule = {
  name: 'left-behind',
  why: 'The cluster went on without this node: its data may have a higher seqno, and writes that the others lack, but the others have acknowledged more since.',
  invariant: 'A node that was left behind never bootstraps.',
  decide(facts) {
    const fork = leftBehindAt(facts.self, facts.peers)
    if (fork === null) return null
    const others = positioned(facts).map((node) => node.name)
    const reason = `The cluster went on without this node at ${fork.uuid}:${fork.seqno} on ${fork.at} (${fork.why})`
    if (others.length === 0) return { do: 'refuse', reason: `${reason}, and no other node that answers has data that counts.`, hint: 'Start those that went on. If they are gone, or each side went on alone: decide whose data to keep, and on the other nodes galeractl stop, move data/ aside, galeractl setup, galeractl start.' }
    return { do: 'wait', reason: `${reason}: it takes the state anew when ${list(others)} ${others.length === 1 ? 'is' : 'are'} Primary.`, for: others, hint: `Start ${list(others)}.` }
  },
}

export const startUnderWay: Rule = {
  name: 'start-under-way',
  why: 'A node that already bootstraps or joins will be Primary soon, or say that it failed.',
  invariant: 'No second bootstrap while one is under way.',
  decide({ peers }) {
    const busy = peers.filter((peer) => peer.kind === 'down' && (peer.launched === 'bootstrap' || peer.launched === 'join')).map((peer) => peer.name)
    if (busy.length === 0) return null
    return { do: 'wait', reason: `mariadbd is being started on ${list(busy)}.`, for: busy, hint: 'Nothing to do; galeractl status shows its progress.' }
  },
}

export const chosenIsSilent: Rule = {
  name: 'chosen-is-silent',
  why: 'Who was acknowledged as the first may have become Primary alone, in a view that nobody else knows, and have acknowledged writes since.',
  invariant: 'Nobody goes on beside a node that it has itself let go first, until that one answers or a later primary view was seen.',
  decide(facts) {
    const names = chosenSilent(facts)
    return names.length === 0 ? null : waitForChosen(names)
  },
}

export const reform: Rule = {
  name: 're-form',
  why: 'Where everybody of the last view is back with gvwstate.dat and one history, starting all together lets Galera restore the component itself: the fastest way, and one that Galera guards.',
  invariant: 'All members of the restored view are here, with the same view id and one history.',
  decide(facts) {
    const own = facts.self.gvwstate
    if (own === null || !isPositioned(facts.self)) return null
    const { uuid } = facts.self.data
    const nodes = new Map(positioned(facts).map((one) => [one.gvwstate?.myUuid, one]))
    const names: string[] = []
    for (const member of own.members) {
      const node = nodes.get(member)
      if (node === undefined || node.data.uuid !== uuid) return null
      if (node.gvwstate?.viewId !== own.viewId || node.intent === 'stay') return null
      names.push(node.name)
    }
    return { do: 'reform', reason: `Everybody of the last view is here with one history: ${list(names.toSorted())}.`, members: names.toSorted(), viewId: own.viewId, uuid }
  },
}

export const liveNonPrimary: Rule = {
  name: 'live-non-primary',
  why: 'A running server outside a primary component may become Primary at any moment: Galera merges it, or its agent repairs its component or stops it.',
  invariant: 'No bootstrap beside a running server.',
  decide({ peers, orders }) {
    const lose = orders?.lose ?? []
    const live = peers.filter((peer) => peer.kind === 'non-primary' || (peer.kind === 'silent' && peer.serving && !lose.includes(peer.name)))
    if (live.length === 0) return null
    const names = live.map((peer) => peer.name).toSorted()
    return { do: 'wait', reason: `A server that is not known to be Primary runs on ${list(names)}.`, for: names, hint: `Run galeractl status there; where its agent is down, galeractl start adopts the running server.` }
  },
}

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
    return withoutMissing(facts, (missing) => operatorsWord(facts, missing))
  },
}

export const majorityGoesOn: Rule = {
  name: 'majority-goes-on',
  why: 'With absent-members=majority, and when waiting has ended, more than half of the newest view by weight goes on: no rival Primary can exist, but writes that only the absent hold are left behind.',
  invariant: 'More than half of the newest view has told, none of the absent serves, and the absent must take the state anew.',
  decide(facts) {
    return withoutMissing(facts, (missing, uuid) => majorityTold(facts, uuid, missing))
  },
}

export const membersMissing: Rule = {
  name: 'members-missing',
  why: 'A silent peer may hold acknowledged writes that nobody else has, or may be running: silence is not absence. Where a member of the newest view has lost its data, a node that left earlier may hold the most: then everybody listed counts.',
  invariant: 'Nobody bootstraps while a member of the newest view has not told its position.',
  decide(facts) {
    if (!isPositioned(facts.self)) return null
    const missing = missingOf(facts, facts.self.data.uuid)
    if (missing.names.length === 0) return null
    return { do: 'wait', reason: `No position yet from ${list(missing.names)} (${missing.why}).`, for: missing.names, hint: `Run galeractl start on ${list(missing.names)}. If that is gone for good: galeractl bootstrap --force tells what may be lost.` }
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
