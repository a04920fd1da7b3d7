export type ProposalKind = 'bootstrap' | 'reform' | 'repair'

/** What a node has acknowledged, durably. It acknowledges nothing else in that epoch. */
export interface Acknowledgement {
  readonly epoch: number
  readonly kind: ProposalKind
  readonly chosen: string
  /** Who asked, where the node is not of the view that is re-formed: that one may become Primary without it. */
  readonly by: readonly string[]
  /** The node was in a primary view since: whoever was chosen then is no longer alone with what it began. */
  readonly settled: boolean
}
