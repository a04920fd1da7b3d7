import type { Data, Down, Facts, Live, Observation, Silent } from '../observation.ts'
import { calledIn, leftBehindAt } from '../left-behind.ts'
import { replacedBy } from '../replaced.ts'
import { nameIn } from '../member-name.ts'
import { anyIncarnation, nameless, newestViews, nodeOf, type View } from '../view.ts'

export type Positioned = Down & { readonly data: Extract<Data, { kind: 'position' }> }

export const isPositioned = (node: { kind: string }): node is Positioned =>
  node.kind === 'down' && (node as Down).data.kind === 'position'

/** What is known to a node that is stopped, or runs outside a primary component. */
type Known = Facts<Down | Live>

export const everybody = (facts: Known): readonly Observation[] => [facts.self, ...facts.peers]

export const silent = (facts: Known): readonly Silent[] =>
  facts.peers.filter((peer): peer is Silent => peer.kind === 'silent')

/** Stopped or starting nodes, self among them. */
export const down = (facts: Known): readonly Down[] => [facts.self, ...facts.peers].filter((node): node is Down => node.kind === 'down')

/** Names of all that answered, self among them. */
export const answering = (facts: Known): readonly string[] =>
  [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent').map((node) => node.name).toSorted()

/** Facts are values: what follows from the last ones is worked out once. */
function once<Value>(work: (facts: Known) => Value): (facts: Known) => Value {
  let last: { readonly facts: Known; readonly value: Value } | null = null
  return (facts) => {
    if (last?.facts !== facts) last = { facts, value: work(facts) }
    return last.value
  }
}

/** The same for what follows from the facts of one history. */
function oncePerHistory<Value>(work: (facts: Known, uuid: string) => Value): (facts: Known, uuid: string) => Value {
  let last: { readonly facts: Known; readonly uuid: string; readonly value: Value } | null = null
  return (facts, uuid) => {
    if (last?.facts !== facts || last.uuid !== uuid) last = { facts, uuid, value: work(facts, uuid) }
    return last.value
  }
}

/** Whom the cluster has left behind, by name: how far their data goes says nothing of it. */
export const leftBehind = once((facts): readonly string[] => {
  const all = [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent')
  const named = new Set<string>()
  for (const { forks } of all) for (const { without } of forks) for (const name of without) named.add(anyIncarnation(name))
  const restored = all.some(({ forks }) => forks.some(({ into }) => into !== null))
  return all.filter((node) => (restored || (named.size > 0 && calledIn(node).some((name) => named.has(name)))) && leftBehindAt(node, all) !== null).map((node) => node.name).toSorted()
})

/** Peers that are Primary, but those that the cluster has left behind, or whose history a restored snapshot has replaced: they are about to stop. */
export const primaries = once((facts): readonly Live[] => {
  const behind = leftBehind(facts)
  return facts.peers.filter((peer): peer is Live => peer.kind === 'primary' && !behind.includes(peer.name))
})

/** Peers that are Primary although the cluster has left them behind, in the history that goes on. */
export const primariesLeftBehind = (facts: Known): readonly Live[] =>
  facts.peers.filter((peer): peer is Live => peer.kind === 'primary' && leftBehind(facts).includes(peer.name) && replacedBy(peer, everybody(facts)) === null)

/** Down nodes with a known position that counts, self among them. */
export const positioned = once((facts): readonly Positioned[] => {
  const behind = new Set(leftBehind(facts))
  return down(facts).filter(isPositioned).filter((node) => !behind.has(node.name))
})

export interface Membership {
  /** Names of the members of the newest view; a member whose name nobody knows is called `node UUID`. */
  readonly names: readonly string[]
  /** Names of those among them that left in order since, with data that goes less far than what is here. */
  readonly left: readonly string[]
  /** Those of `names` that stand for a member whose name nobody knows. */
  readonly nameless: readonly string[]
  /** Whether a recorded view told it; otherwise it is the whole peer list. */
  readonly source: 'view' | 'peer-list'
}

/**
 * M of the table in `docs/rules.md`: the members of the newest view that anybody recorded of this
 * history. Where nobody recorded one (a cluster made by other means) everybody listed counts.
 */
export const newestMembers = oncePerHistory((facts, uuid): Membership => {
  const views = newestViews(knownViews(facts, uuid))
  if (views.length === 0) {
    return { names: [facts.self.name, ...facts.peers.map((peer) => peer.name)].toSorted(), left: [], nameless: [], source: 'peer-list' }
  }
  const members = views.flatMap((view) => view.members.map((member) => ({ uuid: member.uuid, name: nameIn(facts, member) })))
  const departed = departedWithin(facts, uuid)
  const still = new Set(members.filter((member) => !departed.has(nodeOf(member.uuid))).map(({ name }) => name))
  const names = [...new Set(members.map(({ name }) => name))].toSorted()
  return { names, left: names.filter((name) => !still.has(name)), nameless: members.flatMap(({ uuid, name }) => (name === nameless(uuid) ? [name] : [])), source: 'view' }
})

/**
 * Node UUIDs, without incarnation, of those that left in order with less than somebody here holds. Not with as much: nodes that left
 * together would then each go on without the others.
 */
function departedWithin(facts: Known, uuid: string): ReadonlySet<string> {
  const seen = [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent')
  const reached = furthest(facts, uuid)
  return new Set(seen.flatMap(({ departures }) => departures).filter((one) => one.uuid === uuid && one.seqno < reached).map(({ nodeUuid }) => nodeOf(nodeUuid)))
}

/** How far the data that counts goes, of stopped nodes and of servers outside a primary component; -1 where there is none. */
export const furthest = oncePerHistory((facts, uuid): bigint => {
  const running = [facts.self, ...facts.peers].filter((node): node is Live => node.kind === 'non-primary')
  return [...positioned(facts).map(({ data }) => data), ...running].filter((one) => one.uuid === uuid).reduce((top, { seqno }) => (seqno > top ? seqno : top), -1n)
})

/** The recorded views of one history, but those of nodes that were left behind. */
export const knownViews = oncePerHistory((facts, uuid): readonly View[] => {
  const behind = leftBehind(facts)
  return [facts.self, ...facts.peers].flatMap((node) =>
    node.kind !== 'silent' && node.view !== null && node.view.uuid === uuid && !behind.includes(node.name) ? [node.view] : [],
  )
})

/** `n1`, `n1 and n2`, `n1, n2 and n3`. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nobody') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export const sentence = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
