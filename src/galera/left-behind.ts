import { type Fork, forkId } from './fork.ts'
import { groupNames } from './member-name.ts'
import type { Down, Live, Observation } from './observation.ts'
import { nodeUuidsOf } from './node-uuids.ts'
import { replacedBy } from './replaced.ts'
import { anyIncarnation, nameless, nodeOf } from './view.ts'

/**
 * The fork, told by `others`, at which this node was left behind; null where its data is part of the cluster's.
 * Where a restored snapshot replaced its history, all of its data is. A node that joined since then knows the fork itself. One that was not of the newest view is
 * left behind only where its data goes beyond the fork and it was in no view since, as far as seqnos tell: those of both
 * sides overlap up to the newest view known at the fork.
 */
export function leftBehindAt(node: Down | Live, others: readonly Observation[]): Fork | null {
  const replaced = node.kind === 'down' && node.data.kind === 'fresh' ? null : replacedBy(node, others)
  if (replaced !== null) return replaced
  const own = node.kind === 'down' ? (node.data.kind === 'position' ? node.data : null) : node
  if (own === null) return null
  const known = new Set(node.forks.map(forkId))
  // The cheapest test first: there may be a thousand others with twenty forks each.
  const names = calledIn(node)
  const without = (fork: Fork) => fork.without.some((name) => names.includes(anyIncarnation(name))) && fork.uuid === own.uuid && !known.has(forkId(fork))
  const behind = others.flatMap((other) => (other.kind === 'silent' || other.name === node.name ? [] : other.forks.filter(without)))
  const beyond = (fork: Fork) => {
    const viewed = node.view?.seqno ?? -1n
    return node.kind === 'down' && own.seqno > fork.seqno && (fork.view === null || viewed <= fork.seqno || viewed <= fork.view)
  }
  return behind.find((fork) => fork.why !== 'not-in-view' || beyond(fork)) ?? null
}

/**
 * A fork that this node went along with, told to nobody of a primary component that is beyond it; null where there is none. Who joins a component
 * learns its forks first, so that one went on from the data that was left behind, also where a node of it was never left behind by name.
 */
export function forkUnknownTo(component: readonly Live[], node: Down | Live): Fork | null {
  const known = new Set(component.flatMap(({ forks }) => forks.map(forkId)))
  const without = (fork: Fork) => fork.into === null && fork.why !== 'not-in-view' && !known.has(forkId(fork)) && component.some(({ uuid, seqno }) => uuid === fork.uuid && seqno > fork.seqno)
  return node.forks.find(without) ?? null
}

const called = new WeakMap<Down | Live, readonly string[]>()

/**
 * What a fork may call this node: by its name, by what the group called it or, where nobody knew that, by a node UUID that it had, in any
 * incarnation. Worked out once for each report.
 */
export function calledIn(node: Down | Live): readonly string[] {
  const known = called.get(node)
  if (known !== undefined) return known
  const names = [...groupNames(node.name), ...nodeUuidsOf(node).map((uuid) => nameless(nodeOf(uuid)))]
  called.set(node, names)
  return names
}
