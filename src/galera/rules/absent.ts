import type { Verdict } from '../decision.ts'
import type { Uncounted } from '../fork.ts'
import type { Down, Facts, Live } from '../observation.ts'
import { nameIn } from '../member-name.ts'
import { isSameNode, newestViews, sameMembers, type View } from '../view.ts'
import { replacedBy } from '../replaced.ts'
import { down, everybody, furthest, knownViews, leftBehind, list, newestMembers, type Positioned, positioned, silent } from './known.ts'

/** Who has not told its position, and who may go on without them. */

type Known = Facts<Down | Live>

export interface Missing {
  readonly names: readonly string[]
  /** Why they count. */
  readonly why: string
}

/**
 * Who must have told its position before anybody goes on and has not: of the newest view but for those that left it in order, and of all that are
 * listed where a member of it has lost its data, for then a node that left earlier may hold the most, or where that can't have been the last view.
 */
export function missingOf(facts: Known, uuid: string): Missing {
  const members = newestMembers(facts, uuid)
  const lost = down(facts).filter((node) => node.data.kind === 'fresh' && members.names.includes(node.name) && !members.left.includes(node.name)).map((node) => node.name)
  const alone = notTheLast(facts, uuid)
  const names = lost.length + alone.length === 0 ? members.names : [...new Set([...members.names, ...facts.peers.map((peer) => peer.name)])].toSorted()
  const why = lost.length > 0 ? `needed because data is lost on ${list(lost)}, of the newest view` : alone.length > 0 ? `needed because ${list(alone)} was the last of the newest known view to stop but has no safe_to_bootstrap, so another node may still have been running` : members.source === 'view' ? 'of the newest known view' : 'listed, and no view was ever recorded'
  const told = new Set([facts.self, ...facts.peers].filter((node) => (node.kind === 'down' ? node.data.kind !== 'unknown' && node.data.kind !== 'nil' : node.kind !== 'silent')).map((node) => node.name))
  return { names: names.filter((name) => !told.has(name) && !members.left.includes(name)), why }
}

/**
 * Who stopped in order as the last of the newest known view, all of which left in order, and has no safe_to_bootstrap, which the last to leave gets: somebody
 * came into the cluster after its agent had looked for the last time, and stayed. Each that leaves a primary component takes a seqno, so the last went
 * furthest; of those that left in the same moment none is known to be it. Found by the simulation.
 */
function notTheLast(facts: Known, uuid: string): readonly string[] {
  const { names, left } = newestMembers(facts, uuid)
  const stayed = names.filter((name) => !left.includes(name))
  const stopped = positioned(facts).filter((node) => stayed.includes(node.name) && node.data.uuid === uuid && ((node.data.source === 'clean-stop' && node.view?.left === true) || node.data.closed === true) && !node.data.safeToBootstrap)
  if (stopped.length < stayed.length) return []
  const [last, other] = stopped.toSorted((a, b) => (a.data.seqno < b.data.seqno ? 1 : -1))
  return last === undefined || last.view?.leftPrimary === false || last.data.seqno === other?.data.seqno ? [] : [last.name]
}

/**
 * All of `names`, also who is not in this node's peer list: they were members, and may come back. A member whose name nobody knows may be any of
 * the silent.
 */
export function whoMayBe(facts: Known, uuid: string, names: readonly string[]): readonly string[] {
  const { nameless } = newestMembers(facts, uuid)
  return names.some((name) => nameless.includes(name)) ? [...new Set([...names, ...silent(facts).map((peer) => peer.name)])].toSorted() : names
}

/**
 * Who was acknowledged as the first by a node that was in no primary view since, and is silent: it may be
 * Primary alone, in a view that nobody else knows; so may who re-forms a view that the acknowledging node is not of. Not who was given up by an operator.
 */
export function chosenSilent(facts: Known): readonly string[] {
  // What a node has promised in a history that was replaced says nothing of this one.
  const behind = leftBehind(facts)
  const seen = [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent' && !(behind.includes(node.name) && replacedBy(node, everybody(facts)) !== null))
  const chosen = new Set(seen.flatMap((node) => (node.kind === 'silent' ? [] : [node.promise])).flatMap((promise) => (promise === null || promise.settled ? [] : [...promise.others, ...(promise.kind === 'reform' ? [] : [promise.chosen])])))
  return silent(facts).map((peer) => peer.name).filter((name) => chosen.has(name) && facts.orders?.lose.includes(name) !== true).toSorted()
}

export function waitForChosen(names: readonly string[]): Extract<Verdict, { do: 'wait' }> {
  return { do: 'wait', reason: `${list(names)} may have been let go first and does not answer: it may be Primary alone.`, for: names, hint: `Run galeractl start on ${list(names)}. If that is gone for good: galeractl bootstrap --force tells what may be lost.` }
}

/** An operator's word for each of the missing, none of which is seen to serve. */
export function operatorsWord(facts: Known, uuid: string, missing: Missing): Uncounted | null {
  const { orders } = facts
  if (orders === undefined || missing.names.length === 0 || serving(facts).some((name) => missing.names.includes(name))) return null
  return missing.names.every((name) => orders.lose.includes(name)) ? { names: whoMayBe(facts, uuid, missing.names), why: 'forced', reason: orders.reason } : null
}

/**
 * More than half of the newest view by weight has told, and so many of them were cut off in it that no rest can have become Primary without a
 * person's doing. Not where a missing one is seen to serve, for then there was one.
 */
export function majorityTold(facts: Known, uuid: string, missing: Missing): Uncounted | null {
  if (missing.names.length === 0 || facts.orders?.majority !== true || serving(facts).length > 0) return null
  const votes = votesOf(facts, uuid)
  const [first] = votes
  if (first === undefined || votes.some(({ of, told }) => of === null || told * 2 <= of) || restOf(facts, uuid).mayBePrimary) return null
  return { names: whoMayBe(facts, uuid, missing.names), why: 'majority', reason: `absent-members=majority: ${first.told} of ${first.of} votes of the newest view have told` }
}

/** Silent ones whose ports are open: a server runs there. */
const serving = (facts: Known): readonly string[] => silent(facts).filter((peer) => peer.serving).map(({ name }) => name)

export interface Rest {
  /** Whether those that have not told may be a primary component by Galera's own quorum. */
  readonly mayBePrimary: boolean
  /** Who has told and left the newest view in order, or may have: Galera takes them out of the quorum. */
  readonly left: readonly string[]
}

/**
 * The rest of the newest view. Whoever was cut off in that view was so while all others were still in it, also those that left in order later: these
 * and the rest together go on as primary if they are more than half, and then nobody who leaves in order takes that from the rest. So it can not be
 * primary only where at least half was cut off. Found by the simulation: one of three dies, the second leaves, the third is primary alone.
 */
export function restOf(facts: Known, uuid: string): Rest {
  const votes = votesOf(facts, uuid)
  const mayBePrimary = votes.length === 0 || votes.some(({ of, cutOff }) => of === null || cutOff * 2 < of)
  return { mayBePrimary, left: [...new Set(votes.flatMap(({ left }) => left))].toSorted() }
}

/** Why the policy does not go on, where the votes of all that have told would do; '' where it has nothing to say. */
export function majorityBarred(facts: Known, uuid: string): string {
  const votes = votesOf(facts, uuid)
  if (facts.orders?.majority !== true || votes.length === 0 || votes.some(({ of, told }) => of !== null && told * 2 <= of)) return ''
  const { mayBePrimary, left } = restOf(facts, uuid)
  return !mayBePrimary || left.length === 0 ? '' : ` absent-members=majority does not apply: ${list(left)} may have left that view in order, and Galera takes who does out of the quorum, so the rest may be Primary.`
}

interface Votes {
  /** Of its members that have told and whose own newest view it is. */
  readonly told: number
  /** Of those of them that were in it to the end. */
  readonly cutOff: number
  /** As Galera counted all; null where nobody knows, or two tell different numbers: then nobody can say what a majority is. */
  readonly of: number | null
  readonly left: readonly string[]
}

/** For each view that may be the newest. */
const votesOf = (facts: Known, uuid: string): readonly Votes[] => newestViews(knownViews(facts, uuid)).map((view) => votesIn(facts, view))

function votesIn(facts: Known, view: View): Votes {
  const members = new Set(view.members.map((member) => nameIn(facts, member)))
  const running = [facts.self, ...facts.peers].filter((node): node is Live => node.kind === 'non-primary' && node.uuid === view.uuid)
  const stopped = positioned(facts).filter((node) => node.data.uuid === view.uuid)
  const all = [...stopped, ...running].filter((node) => members.has(node.name))
  // Of whose newest view is an older one nobody knows what it did in this one.
  const told = all.filter((node) => node.view !== null && isSameView(node.view, view))
  const cutOff = told.filter((node) => (node.kind === 'down' ? node.view?.left === false : view.members.some((member) => isSameNode(member.uuid, node.nodeUuid))))
  const weights = new Set(told.map((node) => node.view?.weight ?? null).concat(view.weight))
  const sum = (nodes: readonly (Positioned | Live)[]) => nodes.reduce((total, { weight }) => total + weight, 0)
  return { told: sum(told), cutOff: sum(cutOff), of: weights.size === 1 ? view.weight : null, left: all.filter((node) => !cutOff.includes(node)).map(({ name }) => name) }
}

const isSameView = (a: View, b: View): boolean => a.uuid === b.uuid && a.seqno === b.seqno && sameMembers(a, b)

/** Silent ones outside the newest view. Where others are given up, they may hold more than those that go on. */
export const notInView = (names: readonly string[]): readonly Uncounted[] => (names.length === 0 ? [] : [{ names, why: 'not-in-view', reason: 'silent, and not of the newest view' }])

export interface Loss {
  /** Whose data is gone: members of the newest view that are empty, else all its members. */
  readonly names: readonly string[]
  /** The last seqno before the newest known view, or where the newest fork was. */
  readonly begun: bigint
  /** How far anybody's data goes. */
  readonly reached: bigint
}

/** What is known to have been begun beyond everybody's data: acknowledged writes are lost. Null where nothing is. */
export function lossOf(facts: Known, uuid: string): Loss | null {
  const seen = [facts.self, ...facts.peers].filter((node) => node.kind !== 'silent')
  const forked = seen.reduce((top, { forks }) => forks.reduce((high, fork) => (fork.seqno > high && fork.uuid === uuid ? fork.seqno : high), top), -1n)
  // A view takes a seqno for itself, which carries no write.
  const begun = knownViews(facts, uuid)
    .map(({ seqno, after }) => (seqno ?? after ?? 0n) - 1n)
    .reduce((top, seqno) => (seqno > top ? seqno : top), forked)
  const reached = furthest(facts, uuid)
  if (begun <= reached) return null
  const members = newestMembers(facts, uuid).names
  const empty = down(facts).filter((node) => node.data.kind === 'fresh' && members.includes(node.name)).map((node) => node.name)
  return { names: empty.length > 0 ? empty : members, begun, reached }
}
