import type { Rule, Verdict } from '../decision.ts'
import type { Facts } from '../observation.ts'
import { answering, counted, down, isPositioned, knownViews, list, type Positioned, positioned, silent } from './known.ts'

/** Rules for nodes with data of which none is Primary. */

export const positionUnknown: Rule = {
  name: 'position-unknown',
  why: 'A node that does not know how far its data goes can neither be chosen nor be compared.',
  invariant: 'No start without a position, but to join a primary component, which brings the state.',
  decide({ self, peers }) {
    if (self.data.kind !== 'unknown') return null
    if (peers.length > 0) {
      const names = peers.map((peer) => peer.name).toSorted()
      return { do: 'wait', reason: `The position of this datadir is unknown (${self.data.reason}): it can only join a primary component.`, for: names, hint: `Start ${list(names)}; if this node must go first, repair its datadir.` }
    }
    return { do: 'refuse', reason: `The position of this datadir is unknown: ${self.data.reason}.`, hint: 'Repair the datadir, or move it aside and run galeractl setup: the node then takes the state from the others.' }
  },
}

export const historyChanged: Rule = {
  name: 'history-changed',
  why: 'Data of another history than the one that the ledger remembers: the datadir was replaced, or a server was started by hand without a position and made a history of its own.',
  invariant: 'A node goes on only with the history that it was a member of.',
  decide({ self }) {
    if (self.data.kind !== 'position' || self.history === null || self.data.uuid === self.history) return null
    return {
      do: 'refuse',
      reason: `This datadir holds history ${self.data.uuid}, but the node was a member of ${self.history}.`,
      hint: 'If others have the history: galeractl stop, move data/ aside, galeractl setup, galeractl start. If the datadir was replaced on purpose: galeractl stop, move state/ledger.json aside, galeractl start.',
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

export const reform: Rule = {
  name: 're-form',
  why: 'Where everybody of the last view is back with gvwstate.dat and one history, starting all together lets Galera restore the component itself: the fastest way, and one that Galera guards.',
  invariant: 'All members of the restored view are here, with the same view id and one history.',
  decide(facts) {
    const own = facts.self.gvwstate
    if (own === null || !isPositioned(facts.self)) return null
    const { uuid } = facts.self.data
    const names: string[] = []
    for (const member of own.members) {
      const node = down(facts).find((one) => one.gvwstate?.myUuid === member)
      if (node === undefined || !isPositioned(node) || node.data.uuid !== uuid) return null
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
  decide({ peers }) {
    const live = peers.filter((peer) => peer.kind === 'non-primary' || (peer.kind === 'silent' && peer.serving))
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

export const membersMissing: Rule = {
  name: 'members-missing',
  why: 'A silent peer may hold acknowledged writes that nobody else has, or may be running: silence is not absence. Where a member of the newest view has lost its data, a node that left earlier may hold the most: then everybody listed counts.',
  invariant: 'Nobody bootstraps while a member of the newest view has not told its position.',
  decide(facts) {
    if (!isPositioned(facts.self)) return null
    const { names, why } = counted(facts, facts.self.data.uuid)
    const known = new Set(down(facts).filter((node) => node.data.kind !== 'unknown').map((node) => node.name))
    const missing = names.filter((name) => !known.has(name))
    if (missing.length === 0) return null
    return { do: 'wait', reason: `No position yet from ${list(missing)} (${why}).`, for: missing, hint: `Start ${list(missing)}, or its agent.` }
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

function choose(facts: Facts, chosen: Positioned, reason: string): Verdict {
  const absent = silent(facts).map((peer) => peer.name)
  const without = absent.length > 0 ? ` No answer from ${list(absent)}, not of the newest view.` : ''
  if (chosen.name === facts.self.name) {
    return { do: 'bootstrap', reason: `${reason}.${without}`, uuid: chosen.data.uuid, seqno: chosen.data.seqno, known: answering(facts) }
  }
  const hint = chosen.intent === 'start' ? 'Nothing to do; this node joins it.' : `Start ${chosen.name}.`
  return { do: 'wait', reason: `${reason}: it starts the cluster.${without}`, for: [chosen.name], hint }
}
