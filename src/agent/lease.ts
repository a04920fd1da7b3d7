/** A node from which a snapshot is taken; `end` may be called again. */
export interface Lease {
  /** ISO 8601. */
  readonly since: string
  /** How the node is meanwhile, for people. */
  readonly reason: string
  readonly end: () => Promise<void>
}
