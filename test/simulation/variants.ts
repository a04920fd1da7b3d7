import { answerProposal } from '../../src/galera/fence.ts'
import { decide, decideNonPrimary, NON_PRIMARY_RULES, RULES } from '../../src/galera/rules/decide.ts'
import { isPositioned, positioned } from '../../src/galera/rules/known.ts'
import type { Variant } from './world.ts'

/** Known faults: an invariant that none of them breaks would prove nothing. */
export const FAULTS: Readonly<Record<string, Variant>> = {
  'a repair in place that does not wait for silent members': { decideNonPrimary: (facts) => decideNonPrimary(facts, NON_PRIMARY_RULES.filter(({ name }) => name !== 'view-incomplete')) },
  'a repair in place that leaves a stopped node behind': { decideNonPrimary: (facts) => decideNonPrimary(facts, NON_PRIMARY_RULES.filter(({ name }) => name !== 'further-stopped')), answerProposal: (own, promise, proposal) => answerProposal(own, promise, proposal.kind === 'repair' ? { ...proposal, seqno: 2n ** 62n } : proposal) },
  'rules without members-missing': { decide: (facts) => decide(facts, RULES.filter(({ name }) => name !== 'members-missing')) },
  'a fence that always acknowledges': { answerProposal: () => ({ ack: true }) },
  'ties broken by the own name first': {
    decide(facts) {
      const decision = decide(facts)
      const { self } = facts
      if (decision.rule !== 'most-advanced' || decision.do !== 'wait' || !isPositioned(self)) return decision
      const first = positioned(facts).every((node) => node.data.seqno <= self.data.seqno)
      return first ? { ...decision, do: 'bootstrap', uuid: self.data.uuid, seqno: self.data.seqno, known: [], leftBehind: [], without: [] } : decision
    },
  },
  'a member that lost its data counted as one that told its position': {
    decide(facts) {
      const decision = decide(facts)
      return decision.rule === 'members-missing' && decision.reason.includes('data is lost') ? decide(facts, RULES.filter(({ name }) => name !== 'members-missing')) : decision
    },
  },
  'a fence that lets an unheard choice be overtaken': {
    answerProposal: (own, promise, proposal) => answerProposal(own, promise, promise === null ? proposal : { ...proposal, known: [...proposal.known, promise.chosen] }),
  },
}
