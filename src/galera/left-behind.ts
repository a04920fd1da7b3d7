import { type Fork, forkId } from './fork.ts'
import { groupNames } from './member-name.ts'
import type { Down, Live, Observation } from './observation.ts'
import { replacedBy } from './replaced.ts'
import { nameless } from './view.ts'

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
  const without = (fork: Fork) => fork.without.some((name) => names.includes(name)) && fork.uuid === own.uuid && !known.has(forkId(fork))
  const behind = others.flatMap((other) => (other.kind === 'silent' || other.name === node.name ? [] : other.forks.filter(without)))
  const beyond = (fork: Fork) => {
    const viewed = node.view?.seqno ?? -1n
    return node.kind === 'down' && own.seqno > fork.seqno && (fork.view === null || viewed <= fork.seqno || viewed <= fork.view)
  }
  return behind.find((fork) => fork.why !== 'not-in-view' || beyond(fork)) ?? null
}

/** What a fork may call this node: by its name, by what the group called it or, where nobody knew that, by the node UUID that it had in the view. */
export function calledIn(node: Down | Live): readonly string[] {
  const uuids = [node.view?.ownUuid, node.kind === 'down' ? node.gvwstate?.myUuid : node.nodeUuid]
  return [...groupNames(node.name), ...uuids.flatMap((uuid) => (uuid === undefined ? [] : [nameless(uuid)]))]
}
