import type { Rule } from '../decision.ts'
import { describeFork } from '../fork.ts'
import { forkUnknownTo, leftBehindAt } from '../left-behind.ts'
import { isHistory } from '../gtid.ts'
import { isReplacedInto, replacedBy } from '../replaced.ts'
import { isSameNode } from '../view.ts'
import { everybody, list, primaries, primariesLeftBehind } from './known.ts'

/** Rules for the case that a primary component already runs. */

export const twoPrimaries: Rule = {
  name: 'two-primaries',
  why: 'Peers that are Primary with different histories, or in views without a common member, are two clusters. Joining either would bury the other.',
  invariant: 'No node joins while two primary components are seen.',
  decide(facts) {
    const live = primaries(facts)
    const histories = [...new Set(live.map((node) => node.uuid))]
    const apart = live.find((a) => live.some((b) => disjoint(a.view?.members, b.view?.members)))
    if (histories.length < 2 && apart === undefined) return null
    const sides = live.map((node) => `${node.name} at ${node.uuid}:${node.seqno}`)
    return {
      do: 'refuse',
      reason: `Two clusters are running: ${list(sides)}.`,
      hint: 'Decide which one holds the data to keep; stop the others with galeractl stop, move their datadirs aside, then start them again.',
    }
  },
}

export const nilPrimary: Rule = {
  name: 'nil-primary',
  why: 'Nodes that re-formed without a start position are Primary with the nil UUID although their data differs [ran].',
  invariant: 'No node joins a component without a history.',
  decide(facts) {
    const bad = primaries(facts).filter((node) => !isHistory(node.uuid))
    if (bad.length === 0) return null
    return {
      do: 'refuse',
      reason: `Primary with the nil UUID: ${list(bad.map((node) => node.name))}. The data may differ from node to node.`,
      hint: 'Stop all nodes with galeractl stop, then start them with galeractl start: positions are then compared and passed.',
    }
  },
}

export const foreignPrimary: Rule = {
  name: 'foreign-primary',
  why: 'A datadir of another history would be overwritten by state transfer, or, with --wsrep-new-cluster, fork the cluster. A node that was a member of another history may have been given a wrong peer list.',
  invariant: 'Data of one history is never replaced by another without a person.',
  decide(facts) {
    const { self, peers } = facts
    const primary = primaries(facts)[0]
    const own = self.data.kind === 'position' ? self.data.uuid : self.history
    if (primary === undefined || own === null || own === primary.uuid || isReplacedInto(self, peers, primary.uuid)) return null
    const held = self.data.kind === 'position' ? 'this datadir holds' : 'this node was a member of'
    return {
      do: 'refuse',
      reason: `${primary.name} is Primary with history ${primary.uuid}, ${held} history ${own}.`,
      hint: 'Check cluster name and peers. If that history is not needed any more: galeractl stop, move data/ and state/ledger.json aside, galeractl setup, galeractl start.',
    }
  },
}

export const leftBehindPrimary: Rule = {
  name: 'left-behind-primary',
  why: 'A node that the cluster has left behind was started where nobody could tell it so, and is Primary. To join it, or anybody whom it reaches, would mix its rows with those of the nodes that went on.',
  invariant: 'No node joins while a server runs as Primary on data that was left behind.',
  decide(facts) {
    const live = primariesLeftBehind(facts)
    const names = live.map(({ name }) => name).toSorted()
    const fork = live.map((one) => leftBehindAt(one, everybody(facts))).find((one) => one !== null)
    if (fork === undefined) return null
    const went = `${list(names)} ${names.length === 1 ? 'is' : 'are'} Primary, but the cluster went on without ${names.length === 1 ? 'that node' : 'them'} at ${fork.uuid}:${fork.seqno} on ${fork.at} (${fork.why})`
    const own = leftBehindAt(facts.self, live)
    if (own !== null) return { do: 'refuse', reason: `${went}, and ${list(names)} went on without ${facts.self.name} at ${own.uuid}:${own.seqno} on ${own.at} (${own.why}).`, hint: `Decide whose data to keep; on the other side galeractl stop, move data/ aside, galeractl setup, galeractl start.` }
    return { do: 'wait', reason: `${went}; mariadbd stops there within seconds.`, for: names, hint: `Nothing to do: the data of ${list(names)} is moved aside and kept (galeractl rescued). If the server does not stop: galeractl stop on ${list(names)}. To keep that data instead: on ${facts.self.name} galeractl stop, move data/ and state/ledger.json aside, galeractl setup, galeractl start.` }
  },
}

export const rejoinAnew: Rule = {
  name: 'rejoin-anew',
  why: 'The cluster went on without this node, which may hold writes that the others lack. By incremental state transfer it would join with them, silently different [ran].',
  invariant: 'A node that was left behind joins only with a whole new state, and its old data is kept.',
  decide(facts) {
    const live = primaries(facts)
    const via = live.map((node) => node.name).toSorted()
    const uuid = live[0]?.uuid
    const fork = leftBehindAt(facts.self, facts.peers)
    if (uuid === undefined || fork === null) return null
    return { do: 'join', reason: `${list(via)} ${via.length === 1 ? 'is' : 'are'} Primary, but ${describeFork(fork)}: its data is moved aside, and it takes the state anew.`, via, uuid, aside: fork }
  },
}

export const otherBranch: Rule = {
  name: 'other-branch',
  why: 'A component that knows nothing of a fork that this node went along with, and is beyond it, began from the data that was left behind: by incremental state transfer rows of both would be mixed, silently.',
  invariant: 'A node that went along with a fork joins only who knows of it.',
  decide(facts) {
    const live = primaries(facts)
    const fork = forkUnknownTo(live, facts.self)
    if (fork === null) return null
    const names = live.map(({ name }) => name).toSorted()
    return {
      do: 'refuse',
      reason: `${list(live.map(({ name, uuid, seqno }) => `${name} is Primary at ${uuid}:${seqno}`))}, and does not know that the cluster went on without ${list(fork.without)} at seqno ${fork.seqno} on ${fork.at}, as ${facts.self.name} did.`,
      hint: `Decide whose data to keep: on ${facts.self.name}, or on ${list(names)}, galeractl stop, move data/ and state/ledger.json aside, galeractl setup, galeractl start.`,
    }
  },
}

export const joinPrimary: Rule = {
  name: 'join-primary',
  why: 'A running primary component holds the history; everybody else joins it.',
  invariant: 'Nobody bootstraps while a primary component is seen.',
  decide(facts) {
    const live = primaries(facts)
    const uuid = live[0]?.uuid
    if (uuid === undefined) return null
    const via = live.map((node) => node.name).toSorted()
    return { do: 'join', reason: `${list(via)} ${via.length === 1 ? 'is' : 'are'} Primary.`, via, uuid, aside: null }
  },
}

export const replacedRuns: Rule = {
  name: 'replaced-runs',
  why: 'A snapshot was restored in place of a history that still runs somewhere: its nodes stop by themselves as soon as they learn of it, within seconds.',
  invariant: 'What was restored starts only when nothing runs any more that it replaces.',
  decide(facts) {
    const running = facts.peers.filter((peer) => peer.kind !== 'silent' && peer.kind !== 'down' && replacedBy(peer, everybody(facts)) !== null).map((peer) => peer.name).toSorted()
    if (running.length === 0) return null
    return { do: 'wait', reason: `${list(running)} still ${running.length === 1 ? 'runs' : 'run'} the history that the restored snapshot replaces.`, for: running, hint: `Nothing to do: mariadbd stops there within seconds. If it does not: galeractl stop on ${list(running)}, then galeractl start.` }
  },
}

function disjoint(a: readonly { uuid: string }[] | undefined, b: readonly { uuid: string }[] | undefined): boolean {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return false
  return !a.some((member) => b.some((other) => isSameNode(other.uuid, member.uuid)))
}
