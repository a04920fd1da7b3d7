export type ProposalKind = 'bootstrap' | 'reform' | 'repair'

/** What a node has acknowledged, durably. It acknowledges nothing else in that epoch. */
export interface Acknowledgement {
  readonly epoch: number
  readonly kind: ProposalKind
  readonly chosen: string
  /** The node was in a primary view since: whoever was chosen then is no longer alone with what it began. */
  readonly settled: boolean
}
