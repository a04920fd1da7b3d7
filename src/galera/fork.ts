/** A moment at which the cluster went on without some of its nodes, or from a snapshot: these may hold writes that it lacks. */
export interface Fork {
  readonly at: string
  readonly epoch: number
  readonly uuid: string
  /** The position from which the others went on. */
  readonly seqno: bigint
  /** Seqno of the newest view known then, which may be beyond `seqno`; null where gvwstate.dat alone told of it, or nobody. */
  readonly view: bigint | null
  /** Names of those that were not counted. */
  readonly without: readonly string[]
  /** `not-in-view`: they were not of the newest view, so nothing acknowledged can be lost. `restored`: the whole history was replaced. */
  readonly why: Uncounted['why'] | 'restored'
  /** An operator's reason, or how it came. */
  readonly reason: string
  /** The new history that a restored snapshot began; null where the history goes on. */
  readonly into: string | null
}

/** Who is left out of a bootstrap or a repair, and by what right. */
export interface Uncounted {
  readonly names: readonly string[]
  readonly why: 'not-in-view' | 'majority' | 'forced'
  readonly reason: string
}

/** So many are remembered. */
const KEPT_FORKS = 20

/** What tells two forks apart. */
export const forkId = (fork: Fork) => `${fork.epoch} ${fork.uuid} ${fork.seqno} ${fork.why} ${fork.at} ${fork.into ?? ''}`

/** The forks of both, oldest first by epoch (clocks may be wrong), each once. */
export function mergeForks(own: readonly Fork[], told: readonly Fork[]): readonly Fork[] {
  const known = new Set(own.map(forkId))
  const news = told.filter((fork) => !known.has(forkId(fork)))
  return news.length === 0 ? own : [...own, ...news].toSorted((a, b) => a.epoch - b.epoch || (a.at < b.at ? -1 : 1)).slice(-KEPT_FORKS)
}

/** For people: what happened without a node. */
export function describeFork({ at, uuid, seqno, why, reason, into }: Fork): string {
  return into === null ? `the cluster went on without this node at ${uuid}:${seqno} on ${at} (${why})` : `the history of this node's data, ${uuid}, was replaced on ${at} (${reason})`
}
