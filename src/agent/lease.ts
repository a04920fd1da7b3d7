/** A node from which a snapshot is taken; `end` may be called again. */
export interface Lease {
  /** ISO 8601. */
  readonly since: string
  /** How the node is meanwhile, for people. */
  readonly reason: string
  /** Resolves when the server that it is of has ended; or when `signal` is aborted. */
  readonly serverEnded: (signal: AbortSignal) => Promise<void>
  readonly end: () => Promise<void>
}

/** The snapshot that is being taken from this node, if any. */
export class LeaseHolder {
  current: Lease | null = null
}
