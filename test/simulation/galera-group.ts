import type { Gvwstate } from '../../src/galera/gvwstate.ts'
import type { Launch } from '../../src/galera/observation.ts'
import { type Entry, Violation } from './history.ts'

/** The files of one node. */
export interface Disk {
  entry: Entry | null
  /** A state transfer by a whole copy did not end: what there is is no state. */
  partial: boolean
  safeToBootstrap: boolean
  gvwstate: Gvwstate | null
  /** grastate.dat shows the position: the server has ended by itself. */
  clean: boolean
}

export interface Server {
  readonly name: string
  readonly disk: Disk
  readonly mode: Launch
  readonly pid: number
  nodeUuid: string
  readonly weight: number
  group: Group | null
  /** Steps of its state transfer that are left; 0: it has the group's state. */
  transfer: number
  /** All rows are copied, so what was there is gone from the first step on. */
  whole: boolean
  donor: Server | null
  /** Merged although its data is not part of the group's: it must not stay. */
  forked: boolean
  readonly without: readonly string[]
}

/** Servers that see each other, primary or not. */
export interface Group {
  /** As the communication layer has it. */
  primary: boolean
  /** Nobody in it had a complete state when it was formed: its members are not primary, whatever the layer below says. */
  stateless: boolean
  head: Entry
  /** The last primary view. */
  view: { readonly id: string; readonly seqno: bigint; readonly members: ReadonlyMap<string, string>; readonly weight: number }
  readonly members: Set<Server>
}

export const isComplete = ({ transfer }: Server): boolean => transfer === 0

export const isPrimary = ({ primary, stateless }: Group): boolean => primary && !stateless

export function hasState(group: Group): boolean {
  for (const member of group.members) if (member.transfer === 0) return true
  return false
}

/** Every member writes what the view is. */
export function settleFiles(group: Group): void {
  const uuids = [...group.view.members.keys()].toSorted()
  for (const { disk, nodeUuid, transfer } of group.members) {
    disk.gvwstate = { myUuid: nodeUuid, viewId: group.view.id, members: uuids }
    if (transfer > 0 || group.stateless) continue
    disk.entry = group.head
    disk.safeToBootstrap = uuids.length === 1
  }
}

/** Whether anybody in it sees the node. */
export function touches(group: Group, name: string, reachable: (a: string, b: string) => boolean): boolean {
  for (const member of group.members) if (reachable(member.name, name)) return true
  return false
}

/** By a whole copy, or by what it misses; a donor is chosen. */
export function beginTransfer(server: Server, group: Group, entry: Entry | null): void {
  const lag = entry === null ? 99 : Number(group.head.seqno - entry.seqno)
  server.donor = [...group.members].find((member) => member !== server && isComplete(member)) ?? null
  server.whole = entry === null || server.pid % 3 === 0
  server.transfer = server.whole ? 5 : lag > 0 ? 3 : 1
  if (!server.whole) return
  server.disk.entry = null
  server.disk.partial = true
  server.disk.safeToBootstrap = false
}

export function soleComponent(groups: Iterable<Group>): Group | null {
  let only: Group | null = null
  for (const group of groups) {
    if (!isPrimary(group)) continue
    if (only !== null) throw new Violation(`two primary components: ${[only, group].map(({ view }) => [...view.members.values()].join('+')).join(' and ')}`)
    only = group
  }
  return only
}

export const nextIncarnation = (uuid: string): string => `${uuid.slice(0, 19)}${((Number.parseInt(uuid.slice(19, 23), 16) + 1) & 0xffff).toString(16).padStart(4, '0')}${uuid.slice(23)}`

export function weightOf(members: Iterable<Server>): number {
  let weight = 0
  for (const member of members) weight += member.weight
  return weight
}
