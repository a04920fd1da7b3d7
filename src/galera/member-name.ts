import type { Down, Facts, Live } from './observation.ts'
import { presentUuidsOf } from './node-uuids.ts'
import { isSameNode, type Member, nameless } from './view.ts'

/** Galera keeps so many bytes of a member's name (WSREP_MEMBER_NAME_LEN): in its tables, its events and its log [ran]. */
export const LONGEST_GROUP_NAME = 31

const HEAD = 12
const TAIL = 10

/**
 * What mariadbd is told as `wsrep_node_name`. A longer name keeps its beginning and its end around a hash of the whole: the
 * pods of one set differ only at the end, which Galera cuts off. Every node works out the same.
 */
export function groupName(name: string): string {
  if (name.length <= LONGEST_GROUP_NAME) return name
  return `${name.slice(0, HEAD)}.${hash(name)}.${name.slice(-TAIL)}`
}

/** All that a group may have called a node: before there were names of its own for a group, Galera's cut one. */
export const groupNames = (name: string): readonly string[] => (name.length <= LONGEST_GROUP_NAME ? [name] : [name, groupName(name), name.slice(0, LONGEST_GROUP_NAME)])

/**
 * The name of the node that a group calls `told`, which is `told` itself where it is none of `known`. Null where it may be
 * Galera's cut of one of them: then several may be called so, also one that nobody here knows.
 */
export function fullName(told: string, known: readonly string[]): string | null {
  if (told.length !== LONGEST_GROUP_NAME) return told
  if (known.some((name) => name.length > LONGEST_GROUP_NAME && name.startsWith(told))) return null
  return known.find((name) => groupName(name) === told) ?? told
}

/** A name for people to choose instead: the first letters of the words and the last word whole, `mgp-cluster-0` for `mariadb-galera-production-cluster-0`. */
export function shortName(name: string): string {
  const words = name.split(/[-._]+/).filter((word) => word !== '')
  const kept = words.slice(-2)
  const letters = words.slice(0, -2).map((word) => word[0]).join('')
  return [...(letters === '' ? [] : [letters]), ...kept].join('-').slice(-LONGEST_GROUP_NAME)
}

/** The name of a member of a view, as anybody tells it; `node UUID` where nobody does. */
export function nameIn(facts: Facts<Down | Live>, { name, uuid: nodeUuid }: Member): string {
  if (name !== null && name.length !== LONGEST_GROUP_NAME) return name
  const all = [facts.self, ...facts.peers]
  const told = all.filter((node) => node.kind !== 'silent')
  const isIt = (uuid: string) => isSameNode(uuid, nodeUuid)
  const owner = told.find((node) => presentUuidsOf(node).some(isIt))
  const full = name === null ? null : fullName(name, all.map((node) => node.name))
  return full ?? owner?.name ?? calledInViews(told, isIt) ?? remembering(told, isIt) ?? nameless(nodeUuid)
}

/** By what name the view that somebody tells calls it. */
const calledInViews = (told: readonly (Down | Live)[], isIt: (uuid: string) => boolean): string | null =>
  told.flatMap(({ view }) => view?.members ?? []).find(({ name, uuid }) => name !== null && name.length !== LONGEST_GROUP_NAME && isIt(uuid))?.name ?? null

/** The only node that remembers to have had it. */
function remembering(told: readonly (Down | Live)[], isIt: (uuid: string) => boolean): string | null {
  const [one, another] = told.filter(({ nodeUuids }) => nodeUuids.some(isIt))
  return one === undefined || another !== undefined ? null : one.name
}

/** FNV-1a, 32 bits, as seven letters and digits. It tells the names of one cluster apart; the peer list is checked for the rest. */
function hash(text: string): string {
  let state = 0x81_1c_9d_c5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01_00_01_93) >>> 0
  return state.toString(36).padStart(7, '0')
}
