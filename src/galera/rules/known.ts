import type { Data, Down, Facts, Live, Silent } from '../observation.ts'
import { leftBehindAt } from '../left-behind.ts'
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

/** Whom the cluster has left behind, by name: how far their data goes says nothing of it. */
export function leftBehind(facts: Known): readonly string[] {
  const all = [facts.self, ...facts.peers]
  if (all.every((node) => node.kind === 'silent' || node.forks.length === 0)) return []
  return all.filter((node) => node.kind !== 'silent' && leftBehindAt(node, all) !== null).map((node) => node.name).toSorted()
}

/** Down nodes with a known position that counts, self among them. */
export function positioned(facts: Known): readonly Positioned[] {
  const behind = leftBehind(facts)
  return down(facts).filter(isPositioned).filter((node) => !behind.includes(node.name))
}

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

/** The recorded views of one history, but those of nodes that were left behind. */
export function knownViews(facts: Known, uuid: string): readonly View[] {
  const behind = leftBehind(facts)
  return [facts.self, ...facts.peers].flatMap((node) =>
    node.kind !== 'silent' && node.view !== null && node.view.uuid === uuid && !behind.includes(node.name) ? [node.view] : [],
  )
}

function nameOf(facts: Known, nodeUuid: string): string {
  const owner = [facts.self, ...facts.peers].find((node) => node.kind !== 'silent' && (node.view?.ownUuid === nodeUuid || (node.kind === 'down' ? node.gvwstate?.myUuid : node.nodeUuid) === nodeUuid))
  return owner?.name ?? `node ${nodeUuid}`
}

/** `n1`, `n1 and n2`, `n1, n2 and n3`. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nobody') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
