import type { Rule } from '../decision.ts'
import { chosenSilent, majorityBarred, missingOf, waitForChosen } from './absent.ts'
import { nodeOf } from '../view.ts'
import { isPositioned, list, positioned } from './known.ts'

/** Rules for nodes with data of which none is Primary: who is waited for, and when all start together. */

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
    const nodes = new Map(positioned(facts).flatMap((one) => (one.gvwstate === null ? [] : [[nodeOf(one.gvwstate.myUuid), one] as const])))
    const names: string[] = []
    for (const member of own.members) {
      const node = nodes.get(nodeOf(member))
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
  decide({ peers }) {
    const live = peers.filter((peer) => peer.kind === 'non-primary' || (peer.kind === 'silent' && peer.serving))
    if (live.length === 0) return null
    const names = live.map((peer) => peer.name).toSorted()
    return { do: 'wait', reason: `A server that is not known to be Primary runs on ${list(names)}.`, for: names, hint: `Run galeractl status there; where its agent is down, galeractl start adopts the running server. A server that is to be given up must be ended first.` }
  },
}

export const membersMissing: Rule = {
  name: 'members-missing',
  why: 'A silent peer may hold acknowledged writes that nobody else has, or may be running: silence is not absence. Where a member of the newest view has lost its data, a node that left earlier may hold the most: then everybody listed counts. So it does where who left it last has no safe_to_bootstrap, which Galera gives to the last: somebody came after its agent had looked, and stayed.',
  invariant: 'Nobody bootstraps while a member of the newest view has not told its position.',
  decide(facts) {
    if (!isPositioned(facts.self)) return null
    const missing = missingOf(facts, facts.self.data.uuid)
    if (missing.names.length === 0) return null
    return { do: 'wait', reason: `No position yet from ${list(missing.names)} (${missing.why}).${majorityBarred(facts, facts.self.data.uuid)}`, for: missing.names, hint: `Run galeractl start on ${list(missing.names)}. If that is gone for good: galeractl bootstrap --force tells what may be lost.` }
  },
}
