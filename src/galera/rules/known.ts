import type { Data, Down, Facts, Live, Silent } from '../observation.ts'
import { newestViews, type View } from '../view.ts'

export type Positioned = Down & { readonly data: Extract<Data, { kind: 'position' }> }

export const isPositioned = (node: { kind: string }): node is Positioned =>
  node.kind === 'down' && (node as Down).data.kind === 'position'

/** What is known to a node that is stopped, or runs outside a primary component. */
type Known = Facts<Down | Live>

export const primaries = (facts: Known): readonly Live[] =>
  facts.peers.filter((peer): peer is Live => peer.kind === 'primary')

export const silent = (facts: Known): readonly Silent[] =>
  facts.peers.filter((peer): peer is Silent => peer.kind === 'silent')

/** Stopped or starting nodes, self among them. */
export const down = (facts: Known): readonly Down[] => [facts.self, ...facts.peers].filter((node): node is Down => node.kind === 'down')

/** Names of all that answered, self among them. */
export const answering = (facts: Known): readonly string[] =>
  [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent').map((node) => node.name).toSorted()

/** Down nodes with a known position, self among them. */
export const positioned = (facts: Known): readonly Positioned[] => down(facts).filter(isPositioned)

export interface Membership {
  /** Names of the members of the newest view; a member whose name nobody knows is called `node UUID`. */
  readonly names: readonly string[]
  /** Whether a recorded view told it; otherwise it is the whole peer list. */
  readonly source: 'view' | 'peer-list'
}

/**
 * M of the table in `docs/rules.md`: the members of the newest view that anybody recorded of this
 * history. Where nobody recorded one (a cluster made by other means) everybody listed counts.
 */
export function newestMembers(facts: Known, uuid: string): Membership {
  const views = newestViews(knownViews(facts, uuid))
  if (views.length === 0) {
    return { names: [facts.self.name, ...facts.peers.map((peer) => peer.name)].toSorted(), source: 'peer-list' }
  }
  const names = views.flatMap((view) => view.members.map((member) => member.name ?? nameOf(facts, member.uuid)))
  return { names: [...new Set(names)].toSorted(), source: 'view' }
}

/** The recorded views of one history. */
export function knownViews(facts: Known, uuid: string): readonly View[] {
  return [facts.self, ...facts.peers].flatMap((node) =>
    node.kind !== 'silent' && node.view !== null && node.view.uuid === uuid ? [node.view] : [],
  )
}

/**
 * Whose position must be known before anybody goes on: the members of the newest view, and everybody listed where a
 * member of it has lost its data, for then a node that left earlier may hold the most.
 */
export function counted(facts: Known, uuid: string): { readonly names: readonly string[]; readonly why: string } {
  const members = newestMembers(facts, uuid)
  const lost = down(facts).filter((node) => node.data.kind === 'fresh' && members.names.includes(node.name)).map((node) => node.name)
  if (lost.length === 0) return { names: members.names, why: members.source === 'view' ? 'of the newest known view' : 'listed, and no view was ever recorded' }
  const names = [...new Set([...members.names, ...facts.peers.map((peer) => peer.name)])].toSorted()
  return { names, why: `needed since data is lost on ${list(lost)}, of the newest view` }
}

function nameOf(facts: Known, nodeUuid: string): string {
  const owner = [facts.self, ...facts.peers].find((node) => node.kind !== 'silent' && node.view?.ownUuid === nodeUuid)
  return owner?.name ?? `node ${nodeUuid}`
}

/** `n1`, `n1 and n2`, `n1, n2 and n3`. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nobody') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
