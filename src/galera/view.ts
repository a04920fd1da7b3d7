/** One member of a view. The UUID is Galera's node UUID: new at each start; where the view was restored, its next incarnation. */
export interface Member {
  readonly uuid: string
  /** `wsrep_node_name` as the group has it (`groupName`); null where only `gvwstate.dat` told of it. */
  readonly name: string | null
  /** Where its SQL is reached, as it told the group; null where only `gvwstate.dat` told of it. */
  readonly address: string | null
}

/** What a member is called whose name nobody knows. */
export const nameless = (nodeUuid: string): string => `node ${nodeUuid}`

/** A node UUID without its incarnation, the fourth group: a server that restores its view counts that one up [ran: 9a45, 9a46]. */
export const nodeOf = (nodeUuid: string): string => nodeUuid.slice(0, 19) + nodeUuid.slice(23)

/** As `nameless` in whatever incarnation, so that names can be compared; any other name as it is. */
export const anyIncarnation = (name: string): string => (NAMELESS.test(name) ? nameless(nodeOf(name.slice(nameless('').length))) : name)

const NAMELESS = /^node [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether both are UUIDs of one node, between whose starts it did not leave its view in order. */
export const isSameNode = (a: string, b: string): boolean => a === b || nodeOf(a) === nodeOf(b)

/** The members of a primary component at one moment. */
export interface View {
  /** History. */
  readonly uuid: string
  /** Position at which the view was installed; null where only `gvwstate.dat` told of it. */
  readonly seqno: bigint | null
  /** Where its own is not known: of a view that was before it; null where none was recorded. */
  readonly after: bigint | null
  readonly members: readonly Member[]
  /** The weight of all members together (wsrep_cluster_weight); null where nobody told. */
  readonly weight: number | null
  /** The votes of the record's owner in it (pc.weight); null where nobody told. */
  readonly ownWeight: number | null
  /** The node UUID that the owner of this record had in it. */
  readonly ownUuid: string
  /** Whether the owner left it in order, or was told to; false: gvwstate.dat shows that it was cut off in it; absent: nobody knows. */
  readonly left?: boolean | undefined
  /** Of an owner that left it: whether it was Primary at the last look before. */
  readonly leftPrimary?: boolean | undefined
}

/**
 * The views that may be the newest of one history: the one with the highest seqno, and each whose
 * seqno is unknown (it can't be ordered), each once. Their members together are a superset of the last view's
 * members, so judging by all of them waits too long rather than too short.
 */
export function newestViews(views: readonly View[]): readonly View[] {
  const highest = newestSeqno(views)
  const newest: View[] = []
  for (const view of views) {
    if (view.seqno !== null && view.seqno !== highest) continue
    if (!newest.some((one) => one.seqno === view.seqno && sameOrder(one.members, view.members))) newest.push(view)
  }
  return newest
}

/** -1 where no view with a seqno is known. */
export const newestSeqno = (views: readonly View[]): bigint => views.reduce((top, { seqno }) => (seqno !== null && seqno > top ? seqno : top), -1n)

/** Every record of a view lists its members in the same order, so this finds repetitions without sorting. */
const sameOrder = (a: readonly Member[], b: readonly Member[]) => a.length === b.length && a.every((member, at) => member.uuid === b[at]?.uuid)

/** True where both views name the same members, in the same incarnations: a view that was restored is another one. */
export function sameMembers(a: View, b: View): boolean {
  if (a.members.length !== b.members.length) return false
  if (sameOrder(a.members, b.members)) return true
  const names = (view: View) => view.members.map((member) => member.uuid).toSorted().join()
  return names(a) === names(b)
}
