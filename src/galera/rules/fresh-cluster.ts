import type { Rule } from '../decision.ts'
import { answering, down, list, silent } from './known.ts'

/** Rules for gears without data. */

export const noPeerList: Rule = {
  name: 'no-peer-list',
  why: 'A platform may start a gear before it tells it of the others; gears made at the same moment would each bootstrap a cluster.',
  invariant: 'Without a list nobody bootstraps.',
  decide({ self }) {
    if (self.listed) return null
    return { do: 'wait', reason: 'No peer list yet.', for: ['the peer list'], hint: 'It comes with the first subscribe hook, or set it with galeractl setup --peers.' }
  },
}

export const dataLost: Rule = {
  name: 'data-lost',
  why: 'A wiped node reads as nil UUID with safe_to_bootstrap 1 and would bootstrap an empty cluster [ran]; its ledger remembers that there was one.',
  invariant: 'A node that was once a member never starts a new history.',
  decide({ self, peers }) {
    if (self.data.kind !== 'fresh' || self.history === null) return null
    const others = peers.filter((peer) => peer.kind !== 'down' || peer.data.kind !== 'fresh').map((peer) => peer.name)
    return {
      do: 'wait',
      reason: `This datadir is empty, but the node was a member of ${self.history}: it needs a primary component to take the state from.`,
      for: others.length > 0 ? others : peers.map((peer) => peer.name),
      hint: 'Start a node that still has data. If all data is gone, restore a snapshot, or make new gears.',
    }
  },
}

export const freshNeedsPrimary: Rule = {
  name: 'fresh-needs-primary',
  why: 'A node without data has nothing to bootstrap a cluster from that others have data of.',
  invariant: 'An empty node never bootstraps while anybody has data.',
  decide(facts) {
    if (facts.self.data.kind !== 'fresh') return null
    const others = facts.peers.filter((peer) => (peer.kind === 'down' ? peer.data.kind !== 'fresh' || peer.history !== null : peer.kind === 'non-primary'))
    if (others.length === 0) return null
    const names = others.map((peer) => peer.name).toSorted()
    return { do: 'wait', reason: `No data here, but on ${list(names)}: this node joins when a primary component is there.`, for: names, hint: `Start ${list(names)}.` }
  },
}

export const allFresh: Rule = {
  name: 'all-fresh',
  why: 'Among gears that are all new exactly one starts the history: the first by name, which is the same in everybody\'s eyes.',
  invariant: 'A new history starts only when every listed node answered that it has no data.',
  decide(facts) {
    if (facts.self.data.kind !== 'fresh') return null
    const missing = silent(facts).map((peer) => peer.name)
    if (missing.length > 0) {
      return { do: 'wait', reason: `No data here, and no answer from ${list(missing)}, where there may be some.`, for: missing, hint: `Run galeractl start on ${list(missing)}, or leave it out of the peer list if it was never part of the cluster.` }
    }
    const first = down(facts).map((node) => node.name).toSorted()[0] ?? facts.self.name
    if (first !== facts.self.name) return { do: 'wait', reason: `All nodes are new; ${first} starts the cluster.`, for: [first], hint: `Start ${first}.` }
    return { do: 'bootstrap', reason: 'All listed nodes are new and this one is the first by name: it starts the history.', uuid: null, seqno: -1n, known: answering(facts), leftBehind: [], without: [] }
  },
}
