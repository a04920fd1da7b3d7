import type { Rule } from '../decision.ts'
import { describeFork } from '../fork.ts'
import type { Uncounted } from '../fork.ts'
import { forkUnknownTo, leftBehindAt } from '../left-behind.ts'
import type { Facts, Live, Observation } from '../observation.ts'
import { chosenSilent, majorityBarred, majorityTold, missingOf, notInView, operatorsWord, waitForChosen } from './absent.ts'
import { answering, leftBehind, list, positioned, primaries, primariesLeftBehind, sentence, silent } from './known.ts'

/** Rules for a server that runs outside a primary component, which serves nothing. */

const rightToGoOn = (facts: Facts<Live>): Uncounted | null => {
  const missing = missingOf(facts, facts.self.uuid)
  return operatorsWord(facts, facts.self.uuid, missing) ?? majorityTold(facts, facts.self.uuid, missing)
}

const running = (peers: readonly (Live | Observation)[]): readonly Live[] => peers.filter((node): node is Live => node.kind === 'non-primary')

export const leftBehindLeaves: Rule<Live> = {
  name: 'left-behind-runs',
  why: 'The cluster went on without this server. Galera would merge it by incremental state transfer, silently different.',
  invariant: 'A server that was left behind stops before it is merged.',
  decide(facts) {
    const fork = leftBehindAt(facts.self, facts.peers)
    if (fork === null) return null
    return { do: 'leave', reason: `${sentence(describeFork(fork))}: it stops, and takes the state anew.` }
  },
}

export const mergeAvoided: Rule<Live> = {
  name: 'merge-avoided',
  why: 'A component runs as Primary on data that was left behind. Galera itself would merge this server into it, and mix the rows of both.',
  invariant: 'No server stays where Galera may merge it with data that was left behind.',
  decide(facts) {
    const strangers = [...primariesLeftBehind(facts), ...(forkUnknownTo(primaries(facts), facts.self) === null ? [] : primaries(facts))].map(({ name }) => name).toSorted()
    if (strangers.length === 0) return null
    return { do: 'leave', reason: `${list(strangers)} ${strangers.length === 1 ? 'is' : 'are'} Primary on data that the cluster has left behind: this server stops before Galera merges it.` }
  },
}

export const primaryElsewhere: Rule<Live> = {
  name: 'primary-elsewhere',
  why: 'Galera itself merges this server into the primary component as soon as they reach each other.',
  invariant: 'No second primary component beside one that is seen.',
  decide(facts) {
    const names = primaries(facts).map((node) => node.name).toSorted()
    if (names.length === 0) return null
    return { do: 'wait', reason: `${list(names)} ${names.length === 1 ? 'is' : 'are'} Primary; this server joins when it reaches the group port there.`, for: names, hint: 'Nothing to do if the network is whole; else mend it. galeractl restart makes this node ask for the present addresses.' }
  },
}

export const othersUnsettled: Rule<Live> = {
  name: 'others-unsettled',
  why: 'A peer that is being started, repaired or still applies what it received will say more in a moment.',
  invariant: 'Positions are compared only where they no longer move.',
  decide({ self, peers }) {
    const busy = [self, ...peers].filter((node) => (node.kind === 'down' ? node.launched !== null : node.kind === 'non-primary' && (node.receiveQueue > 0 || (node !== self && node.repairing))))
    if (busy.length === 0) return null
    const names = busy.map((node) => node.name).toSorted()
    return { do: 'wait', reason: `${list(names)} ${names.length === 1 ? 'is' : 'are'} being started or still ${names.length === 1 ? 'applies' : 'apply'} what was received.`, for: names, hint: 'Nothing to do; galeractl status shows the progress.' }
  },
}

export const chosenElsewhere: Rule<Live> = {
  name: 'chosen-elsewhere',
  why: 'Who was acknowledged as the first may have become Primary alone, in a view that nobody else knows.',
  invariant: 'No component is repaired beside a node that was let go first and does not answer.',
  decide(facts) {
    const names = chosenSilent(facts)
    return names.length === 0 ? null : waitForChosen(names)
  },
}

export const viewIncomplete: Rule<Live> = {
  name: 'view-incomplete',
  why: 'Who is silent may be on the other side of a partition, where the majority goes on.',
  invariant: 'A component is repaired only when everybody of the newest view has told its position.',
  decide(facts) {
    const missing = missingOf(facts, facts.self.uuid)
    if (missing.names.length === 0 || rightToGoOn(facts) !== null) return null
    return { do: 'wait', reason: `Not in a primary component, and nothing is known of ${list(missing.names)} (${missing.why}).${majorityBarred(facts, facts.self.uuid)}`, for: missing.names, hint: `Mend the network to ${list(missing.names)}, or start it. If it is gone for good: galeractl bootstrap --force tells what may be lost.` }
  },
}

export const runningHistories: Rule<Live> = {
  name: 'running-histories',
  why: 'Seqnos of different histories can\'t be compared.',
  invariant: 'Only nodes of one history become primary together.',
  decide(facts) {
    const { self } = facts
    const sides = [self, ...running(facts.peers), ...positioned(facts).map(({ name, data }) => ({ name, ...data }))]
    if (sides.every(({ uuid }) => uuid === self.uuid)) return null
    return { do: 'refuse', reason: `Two histories: ${list(sides.map(({ name, uuid, seqno }) => `${name} at ${uuid}:${seqno}`))}.`, hint: 'Decide which history to keep; on the other nodes galeractl stop, move data/ aside, galeractl setup, galeractl start.' }
  },
}

export const furtherStopped: Rule<Live> = {
  name: 'further-stopped',
  why: 'A stopped node holds writes that no running one has. It starts the cluster, and does so only when no server runs.',
  invariant: 'No running component goes on without a write that a stopped node holds.',
  decide(facts) {
    const most = [facts.self, ...running(facts.peers)].reduce((top, { seqno }) => (seqno > top ? seqno : top), -1n)
    const further = positioned(facts).filter((node) => node.data.seqno > most).map((node) => node.name)
    if (further.length === 0) return null
    return { do: 'leave', reason: `${list(further)} ${further.length === 1 ? 'is' : 'are'} stopped and further than every running server (${most}): this one stops and joins again.` }
  },
}

export const repairInPlace: Rule<Live> = {
  name: 'repair-in-place',
  why: 'Everybody of the newest view has told, and nobody is further than the running servers: the most advanced of them makes its component primary (pc.bootstrap), and the others join it.',
  invariant: 'Exactly one is chosen, the same in everybody\'s eyes, with the highest seqno of all.',
  decide(facts) {
    const { self } = facts
    const [first = self] = [self, ...running(facts.peers)].toSorted((a, b) => (a.seqno === b.seqno ? (a.name < b.name ? -1 : 1) : a.seqno > b.seqno ? -1 : 1))
    if (first.name !== self.name) return { do: 'wait', reason: `${first.name} is as far as all others, at ${first.seqno}, and makes the component primary.`, for: [first.name], hint: 'Nothing to do; this server is merged into it.' }
    const without = rightToGoOn(facts)
    const others = silent(facts).map((peer) => peer.name).filter((name) => !without?.names.includes(name))
    const who = without === null ? 'Everybody of the newest view has told' : `${list(without.names)} ${without.names.length === 1 ? 'is' : 'are'} left behind (${without.why === 'forced' ? `an operator's word: ${without.reason}` : without.reason})`
    return { do: 'repair', reason: `${who}, and nobody known is further than this running server, at ${self.seqno}: it makes its component primary.`, uuid: self.uuid, seqno: self.seqno, known: answering(facts), leftBehind: leftBehind(facts), without: without === null ? [] : [without, ...notInView(others)] }
  },
}
