import { answerProposal } from '../../src/galera/fence.ts'
import { goAlong } from '../../src/galera/go-along.ts'
import type { Observation } from '../../src/galera/observation.ts'
import { decide, decideNonPrimary, NON_PRIMARY_RULES, RULES } from '../../src/galera/rules/decide.ts'
import { isPositioned, positioned } from '../../src/galera/rules/known.ts'
import type { Variant } from './world.ts'

/** Known faults: an invariant that none of them breaks would prove nothing. */
const without = (...names: readonly string[]): Variant => ({
  rules: {
    decide: (facts) => decide(facts, RULES.filter(({ name }) => !names.includes(name))),
    decideNonPrimary: (facts) => decideNonPrimary(facts, NON_PRIMARY_RULES.filter(({ name }) => !names.includes(name))),
  },
})

export const FAULTS: Readonly<Record<string, Variant>> = {
  'who was left behind joins as it is': without('rejoin-anew', 'left-behind'),
  'half of the votes count as a majority': {
    rules: { decide: (facts) => decide(facts.orders?.majority ? { ...facts, self: { ...facts.self, weight: facts.self.weight + 0.01 } } : facts) },
  },
  'positions are not compared': {
    rules: {
      answerProposal: (own, promise, proposal) => answerProposal(own, promise, { ...proposal, seqno: 2n ** 62n }),
      decide(facts) {
        const level = <Node extends Observation>(node: Node): Node => (node.kind === 'down' && node.data.kind === 'position' ? { ...node, data: { ...node.data, seqno: 5n } } : node)
        return decide({ ...facts, self: level(facts.self), peers: facts.peers.map(level) })
      },
    },
  },
  'histories are not compared': { from: 3_971, ...without('two-histories', 'history-changed', 'foreign-primary') },
  'safe_to_bootstrap is believed where the tool itself has written it': { rules: { goAlong: (...told) => ({ ...goAlong(...told), flaggedAt: null }) } },
  'an acknowledgement that a crash forgets': { from: 24_879, forgetsPromises: true },
  'who left in order is believed to hold nothing': { departure: (departure) => ({ ...departure, seqno: 0n }) },
  'a repair in place that does not wait for silent members': without('view-incomplete'),
  'a repair in place that leaves a stopped node behind': {
    from: 7_674,
    rules: {
      decideNonPrimary: (facts) => decideNonPrimary(facts, NON_PRIMARY_RULES.filter(({ name }) => name !== 'further-stopped')),
      answerProposal: (own, promise, proposal) => answerProposal(own, promise, proposal.kind === 'repair' ? { ...proposal, seqno: 2n ** 62n } : proposal),
    },
  },
  'rules without members-missing': without('members-missing'),
  'a fence that always acknowledges': { rules: { answerProposal: () => ({ ack: true }) } },
  'ties broken by the own name first': {
    rules: {
      decide(facts) {
        const decision = decide(facts)
        const { self } = facts
        if (decision.rule !== 'most-advanced' || decision.do !== 'wait' || !isPositioned(self)) return decision
        const first = positioned(facts).every((node) => node.data.seqno <= self.data.seqno)
        return first ? { ...decision, do: 'bootstrap', uuid: self.data.uuid, seqno: self.data.seqno, known: [], leftBehind: [], without: [] } : decision
      },
    },
  },
  'a member that lost its data counted as one that told its position': {
    rules: {
      decide(facts) {
        const decision = decide(facts)
        return decision.rule === 'members-missing' && decision.reason.includes('data is lost') ? decide(facts, RULES.filter(({ name }) => name !== 'members-missing')) : decision
      },
    },
  },
  'a fence that lets an unheard choice be overtaken': {
    from: 8_975,
    rules: { answerProposal: (own, promise, proposal) => answerProposal(own, promise, promise === null ? proposal : { ...proposal, known: [...proposal.known, promise.chosen] }) },
  },
  'answers are not bound to who answers': { from: 4_062, unboundAnswers: true },
  'who left in order counts as a vote against the rest': {
    from: 1_321,
    rules: {
      decide(facts) {
        const cutOff = <Node extends Observation>(node: Node): Node => (node.kind === 'down' && node.view !== null ? { ...node, view: { ...node.view, left: false } } : node)
        return decide({ ...facts, self: cutOff(facts.self), peers: facts.peers.map(cutOff) })
      },
    },
  },
  'the view of a joiner without complete state is believed': { from: 3_747, faults: { forgetsJoining: true } },
  'a server that cannot be seen is taken for dead': { from: 2_206, faults: { unknownIsDeath: true } },
}

/** Known faults that many schedules do not show: `npm run search -- --fault NAME` looks for them. */
export const RARE: Readonly<Record<string, Variant>> = {
  'who is given up is known by the peer list only': {
    rules: {
      decide(facts) {
        const decision = decide(facts)
        if (decision.do !== 'bootstrap') return decision
        const listed = (name: string) => facts.peers.some((peer) => peer.name === name)
        return { ...decision, without: decision.without.map((one) => ({ ...one, names: one.names.filter(listed) })) }
      },
    },
  },
  'who went along with a fork joins a component that knows nothing of it': without('left-behind-primary', 'other-branch', 'merge-avoided'),
  'a component in which nobody has the state is repaired for ever': { faults: { missesLackOfState: true } },
  'old data goes aside when the ledger knows already why': { faults: { movesAsideLate: true } },
  'what is not durable yet is told': { faults: { tellsBeforeRecording: true } },
}
