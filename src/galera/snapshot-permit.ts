import type { Live, Observation } from './observation.ts'

/** Whether a snapshot may be taken from a node now, and how. */
export type Permit =
  | { readonly permit: 'desync' | 'as-it-is'; readonly rule: string; readonly reason: string }
  | { readonly permit: 'no'; readonly rule: string; readonly reason: string; readonly hint: string }

export interface PermitFacts {
  /** null: it does not run, or does not answer. */
  readonly self: Live | null
  readonly peers: readonly Observation[]
  /** What runs here already, for people; null: nothing. */
  readonly busy: string | null
  /** The operator takes a snapshot also from the last node that takes writes. */
  readonly lastWriter: boolean
}

interface PermitRule {
  readonly name: string
  readonly why: string
  readonly decide: (facts: PermitFacts) => Permit | null
}

const no = (rule: string, reason: string, hint: string): Permit => ({ permit: 'no', rule, reason, hint })

/** Primary peers that are not Synced: they send or take state, or are desynced for a snapshot or by hand. */
const unsettled = (peers: readonly Observation[]): readonly string[] =>
  peers.filter((peer) => (peer.kind === 'primary' && !peer.synced) || (peer.kind === 'down' && peer.launched === 'join')).map(({ name }) => name).toSorted()

const writers = ({ self, peers }: PermitFacts): readonly string[] => peers.filter((peer) => peer.kind === 'primary' && peer.synced && peer.uuid === self?.uuid).map(({ name }) => name)

/** In order; the first that applies decides. */
export const PERMIT_RULES: readonly PermitRule[] = [
  {
    name: 'snapshot-here',
    why: 'Two backups of one server read its data twice, and the first to end would sync the node under the other.',
    decide: ({ busy }) => (busy === null ? null : no('snapshot-here', `${busy} runs on this node`, 'Wait for it to end; see galeractl status.')),
  },
  {
    name: 'not-synced',
    why: 'A node that is not Synced in a primary component may hold the half of a state, or an old one.',
    decide: ({ self }) => (self?.kind === 'primary' && self.synced ? null : no('not-synced', self === null ? 'mariadbd does not run here, or does not answer' : `this node is ${self.kind === 'primary' ? 'not Synced' : 'not in a primary component'}`, 'Take the snapshot from a node that is Synced; see galeractl status.')),
  },
  {
    name: 'transfer-runs',
    why: 'A donor and a node with a snapshot are out of the flow of the cluster: a third may be the last that takes part. A joiner may be about to choose this node as its donor.',
    decide: ({ peers }) => {
      const names = unsettled(peers)
      return names.length === 0 ? null : no('transfer-runs', `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not Synced: a state transfer or another snapshot runs`, 'Wait for it to end; see galeractl status.')
    },
  },
  {
    name: 'alone',
    why: 'In a cluster of one listed node there is nobody that flow control would hold up, and nobody else to take the snapshot from.',
    decide: ({ peers }) => (peers.length > 0 ? null : { permit: 'as-it-is', rule: 'alone', reason: 'this is the only node of its cluster: it stays Synced' }),
  },
  {
    name: 'last-writer',
    why: 'A desynced node falls behind, and balancers take no desynced node: with no other Synced node the applications would lose the cluster.',
    decide: (facts) => {
      if (writers(facts).length > 0) return null
      if (facts.lastWriter) return { permit: 'as-it-is', rule: 'last-writer', reason: 'no other node is Synced, and the operator wants the snapshot from this one: it stays Synced' }
      return no('last-writer', 'no other node is Synced: this is the last one that takes writes', 'Bring another node up first, or add --from-last-writer: the node then stays Synced, and commits wait for a moment.')
    },
  },
  {
    name: 'desync',
    why: 'Out of flow control the backup may slow this node down without slowing the cluster.',
    decide: (facts) => ({ permit: 'desync', rule: 'desync', reason: `this node is desynced for the time of the snapshot; writes go to ${writers(facts).join(', ')}` }),
  },
]

/** @throws Error if no rule applies: the list is complete, so that is a bug. */
export function permitSnapshot(facts: PermitFacts): Permit {
  for (const { decide } of PERMIT_RULES) {
    const permit = decide(facts)
    if (permit !== null) return permit
  }
  throw new Error('no rule applies')
}
