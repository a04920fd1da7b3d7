import type { Fork, Uncounted } from './fork.ts'
import type { Down, Facts, Live } from './observation.ts'

/** What to do. Each carries the reason as one sentence for the person who is paged. */
interface Because<Do extends string> {
  readonly do: Do
  readonly reason: string
}

interface Wait extends Because<'wait'> {
  readonly for: readonly string[]
  readonly hint: string
}

interface Refuse extends Because<'refuse'> {
  readonly hint: string
}

interface Join extends Because<'join'> {
  readonly via: readonly string[]
  readonly uuid: string
  /** The own data is moved aside first: the cluster went on without it. */
  readonly aside: Fork | null
}

interface Reform extends Because<'reform'> {
  readonly members: readonly string[]
  readonly viewId: string
  readonly uuid: string
}

interface Bootstrap extends Because<'bootstrap'> {
  /** null: a new history on a fresh datadir. */
  readonly uuid: string | null
  readonly seqno: bigint
  /** Who answered, by name. */
  readonly known: readonly string[]
  /** Whose data is not part of the cluster any more, although it may have a higher seqno. */
  readonly leftBehind: readonly string[]
  /** Who is left behind by this. */
  readonly without: readonly Uncounted[]
}

/** Make the component of this running server primary again, in place. */
interface Repair extends Because<'repair'> {
  readonly uuid: string
  readonly seqno: bigint
  readonly known: readonly string[]
  readonly leftBehind: readonly string[]
  readonly without: readonly Uncounted[]
}

/** Stop the server, which serves nothing, and decide as a stopped node. */
type Leave = Because<'leave'>

/** For a stopped node. */
export type Verdict = Join | Reform | Bootstrap | Wait | Refuse

/** For a node whose server runs outside a primary component. */
export type RunningVerdict = Repair | Leave | Wait | Refuse

export interface Rule<Self extends Down | Live = Down> {
  readonly name: string
  /** Why the rule exists, for `explain` and the documentation. */
  readonly why: string
  /** What holds whenever the rule decides. */
  readonly invariant: string
  /** A verdict where the rule applies, else null. Pure. */
  readonly decide: (facts: Facts<Self>) => (Self extends Down ? Verdict : RunningVerdict) | null
}

type Decided<SomeVerdict> = SomeVerdict & {
  /** The name of the first rule that applied. */
  readonly rule: string
  /** What each node said, one line each. */
  readonly evidence: readonly string[]
}

export type Decision = Decided<Verdict>
export type RunningDecision = Decided<RunningVerdict>
