import type { Gvwstate } from './gvwstate.ts'
import { isSameNode, nodeOf, type View } from './view.ts'

/**
 * The recorded view, unless gvwstate.dat shows that mariadbd saw another one while no agent watched: then that one, with the names that the record
 * knows and without a seqno, also where its members are the same, for others may have come and gone between. Not where the file is a copy of
 * earlier days: `viewIds` are those that the agent has seen, newest last. A graceful stop removes the file, so where it is there the node was cut off,
 * unless it was told to stop: then the server may have left before it died. `joining`: the node was in that view perhaps without the state of the
 * group ("No node with complete state" where all the others had left it [ran]), so the members of the recorded view still count.
 */
export function lastView(recorded: View | null, gvwstate: Gvwstate | null, uuid: string, ownName: string, viewIds: readonly string[] = [], joining = false): View | null {
  if (gvwstate === null || viewIds.slice(0, -1).includes(gvwstate.viewId)) return recorded
  const left = recorded?.left === true && recorded.uuid === uuid
  const after = recorded === null || recorded.uuid !== uuid ? null : (recorded.seqno ?? recorded.after)
  const same = recorded?.members.map((member) => member.uuid).toSorted().join() === gvwstate.members.join()
  if (recorded !== null && same) return viewIds.length === 0 || viewIds.at(-1) === gvwstate.viewId ? { ...recorded, left } : { ...recorded, seqno: null, after, weight: null, left }
  const names = new Map(recorded?.members.map((member) => [nodeOf(member.uuid), member.name]))
  const nameOf = (member: string) => names.get(nodeOf(member)) ?? (isSameNode(member, gvwstate.myUuid) ? ownName : null)
  const members = gvwstate.members.map((member) => ({ uuid: member, name: nameOf(member), address: null }))
  const now = new Set(gvwstate.members.map(nodeOf))
  const before = joining && recorded !== null && recorded.uuid === uuid ? recorded.members.filter((member) => !now.has(nodeOf(member.uuid))) : []
  return { uuid, seqno: null, after, members: [...members, ...before], weight: null, ownWeight: null, ownUuid: gvwstate.myUuid, left }
}
