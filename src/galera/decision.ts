import type { Facts } from './observation.ts'

/** What to do. Each carries the reason as one sentence for the person who is paged. */
export type Verdict =
  | { readonly do: 'join'; readonly reason: string; readonly via: readonly string[]; readonly uuid: string }
  | { readonly do: 'reform'; readonly reason: string; readonly members: readonly string[]; readonly viewId: string; readonly uuid: string }
  /** `uuid` null: a new history on a fresh datadir. `known`: who answered, by name. */
  | { readonly do: 'bootstrap'; readonly reason: string; readonly uuid: string | null; readonly seqno: bigint; readonly known: readonly string[] }
  | { readonly do: 'wait'; readonly reason: string; readonly for: readonly string[]; readonly hint: string }
  | { readonly do: 'refuse'; readonly reason: string; readonly hint: string }

export interface Rule {
  readonly name: string
  /** Why the rule exists, for `explain` and the documentation. */
  readonly why: string
  /** What holds whenever the rule decides. */
  readonly invariant: string
  /** A verdict where the rule applies, else null. Pure. */
  readonly decide: (facts: Facts) => Verdict | null
}

export type Decision = Verdict & {
  /** The name of the first rule that applied. */
  readonly rule: string
  /** What each node said, one line each. */
  readonly evidence: readonly string[]
}
