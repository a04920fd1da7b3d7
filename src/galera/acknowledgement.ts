export type ProposalKind = 'bootstrap' | 'reform' | 'repair'

/**
 * More proposals than this were never made: a higher number is of a damaged ledger. Far below where numbers of JSON are no longer exact, so that
 * whatever is acknowledged can be written and read.
 */
export const HIGHEST_EPOCH = 2 ** 48

/** What a node has acknowledged, durably. It acknowledges nothing else in that epoch. */
export interface Acknowledgement {
  readonly epoch: number
  readonly kind: ProposalKind
  readonly chosen: string
  /**
   * Who else may be Primary by what this node has acknowledged since it was last in a primary view: the chosen ones of earlier epochs, and
   * who asked for a re-forming of a view that the node is not of.
   */
  readonly others: readonly string[]
  /** The node was in a primary view since: whoever was chosen then is no longer alone with what it began. */
  readonly settled: boolean
}
