import { leftBehindAt } from '../left-behind.ts'
import type { Rule, Verdict } from '../decision.ts'
import { describeFork } from '../fork.ts'
import { describeData, type Facts } from '../observation.ts'
import { replacedBy } from '../replaced.ts'
import { down, everybody, isPositioned, list, positioned, sentence } from './known.ts'

/** Rules on whether a node's own data is fit to start from, and is of one history with the others'. */

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

export const foreignData: Rule = {
  name: 'foreign-data',
  why: 'A server that was part of no cluster wrote this datadir. A state transfer would delete it, and a cluster that began from it would not have galeractl\'s users.',
  invariant: 'Only a datadir that setup made and on which no server ran, or a member\'s, is ever overwritten.',
  decide({ self }) {
    if (self.data.kind !== 'unknown' || self.data.strange !== true) return null
    return { do: 'refuse', reason: 'This datadir holds data that galeractl did not make and that is of no cluster: it is left as it is.', hint: 'Run galeractl stop, move data/ aside, galeractl setup, galeractl start. To bring its rows into the cluster, load a dump of them then.' }
  },
}

export const historyChanged: Rule = {
  name: 'history-changed',
  why: 'Data of another history than the one that the ledger remembers: the datadir was replaced, or a server was started by hand without a position and made a history of its own.',
  invariant: 'A node goes on only with the history that it was a member of.',
  decide({ self, peers }) {
    const changed = self.data.kind === 'nil' || (self.data.kind === 'position' && self.data.uuid !== self.history)
    if (self.history === null || !changed || replacedBy(self, peers) !== null) return null
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
  why: 'Seqnos of different histories can\'t be compared: the higher number says nothing. A node that lost its data still remembers of which history it was.',
  invariant: 'Only nodes of one history start together.',
  decide(facts) {
    const nodes = positioned(facts)
    if (new Set(nodes.map((node) => node.data.uuid)).size < 2) return strangeData(facts)
    const sides = nodes.map((node) => `${node.name} at ${node.data.uuid}:${node.data.seqno}`)
    return { do: 'refuse', reason: `Two histories: ${list(sides)}.`, hint: 'Decide which history to keep; on the other nodes move the datadir aside and run galeractl setup and galeractl start.' }
  },
}

/** Where this node's ledger knows no history its data may be anybody's, if others that lost theirs were members of another history. */
function strangeData(facts: Facts): Verdict | null {
  const { self } = facts
  if (self.history !== null || !isPositioned(self)) return null
  const { uuid } = self.data
  const others = down(facts).filter((node) => node.data.kind === 'fresh' && node.history !== null && node.history !== uuid && replacedBy(node, everybody(facts)) === null)
  if (others.length === 0) return null
  return {
    do: 'refuse',
    reason: `This datadir holds history ${uuid}, of which no ledger tells, but ${others.map(({ name, history }) => `${name} was a member of ${history} and lost its data`).join(', ')}.`,
    hint: `If this data was put here by mistake: galeractl stop, move data/ aside, galeractl setup, galeractl start. If it is the one to keep: on ${list(others.map(({ name }) => name))} galeractl stop, move state/ledger.json aside, galeractl setup, galeractl start.`,
  }
}

export const leftBehindWaits: Rule = {
  name: 'left-behind',
  why: 'The cluster went on without this node: its data may have a higher seqno, and writes that the others lack, but the others have acknowledged more since.',
  invariant: 'A node that was left behind never bootstraps.',
  decide(facts) {
    const fork = leftBehindAt(facts.self, facts.peers)
    if (fork === null) return null
    const others = positioned(facts).map((node) => node.name)
    const reason = sentence(describeFork(fork))
    if (others.length === 0) return { do: 'refuse', reason: `${reason}, and no other node that answers has data that counts.`, hint: 'Start those that went on. If they are gone, or each side went on alone: decide whose data to keep, and on the other nodes galeractl stop, move data/ aside, galeractl setup, galeractl start.' }
    return { do: 'wait', reason: `${reason}: it takes the state anew when ${list(others)} ${others.length === 1 ? 'is' : 'are'} Primary.`, for: others, hint: `Start ${list(others)}.` }
  },
}
