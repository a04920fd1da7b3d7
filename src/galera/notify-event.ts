import * as z from 'zod'
import type { NotifyEvent } from './notify-arguments.ts'
import { uuidSchema } from './schemas.ts'
import type { View } from './view.ts'

const memberSchema = z.object({ uuid: uuidSchema, name: z.string().max(256), address: z.string().max(300) })

/** How far the spool was taken: which file it was, and the offset in bytes behind the last record. */
export const spoolPositionSchema = z.object({ spool: z.string().max(60), end: z.int().min(0) })
export type SpoolPosition = z.infer<typeof spoolPositionSchema>

/** One line of the event log. What a call did not tell is null. */
export const loggedEventSchema = z.object({
  /** ISO 8601: when the spool was last written before this was read. */
  time: z.string().max(40),
  /** notify: mariadbd told it. server: it told nothing, and the view was read from its tables. malformed: no event, `text` shows the record. vote: the node was voted out, as `text` says. */
  source: z.enum(['notify', 'server', 'malformed', 'vote']),
  status: z.string().max(40).nullable(),
  /** History (state UUID) of the view. */
  view: uuidSchema.nullable(),
  primary: z.boolean().nullable(),
  /** Own index in members; -1: in no view. */
  index: z.int().nullable(),
  size: z.int().nullable(),
  members: z.array(memberSchema).nullable(),
  /** Names, against the members that were told before. */
  joined: z.array(z.string()),
  left: z.array(z.string()),
  text: z.string().nullable(),
  position: spoolPositionSchema.nullable(),
})
export type LoggedEvent = z.infer<typeof loggedEventSchema>

/** What was last told of the view. */
export type KnownView = Pick<LoggedEvent, 'index' | 'members'>

export const NO_VIEW: KnownView = { index: null, members: null }

type Place = Pick<LoggedEvent, 'time' | 'position'>

const event = ({ time, position }: Place, source: LoggedEvent['source'], told: Partial<LoggedEvent>): LoggedEvent => ({ time, source, status: null, view: null, primary: null, index: null, size: null, members: null, joined: [], left: [], text: null, ...told, position })

/** A call of wsrep_notify_cmd as it is logged. */
export function loggedCall(call: NotifyEvent, before: KnownView, place: Place): LoggedEvent {
  // At the end of a server: "--index -1" without members [ran].
  const members = call.members === undefined ? (call.index === -1 ? [] : null) : [...call.members]
  return event(place, 'notify', { status: call.status ?? null, view: call.uuid ?? null, primary: call.primary ?? null, index: call.index ?? null, ...changes(before, members) })
}

/** A view that mariadbd did not tell of; in both, members are in the order of their UUIDs [ran]. */
export function loggedView(view: View, before: KnownView, place: Place): LoggedEvent {
  const members = view.members.map(({ uuid, name, address }) => ({ uuid, name: name ?? '', address: address ?? '' }))
  return event(place, 'server', { view: view.uuid, primary: true, index: members.findIndex(({ uuid }) => uuid === view.ownUuid), ...changes(before, members) })
}

export const loggedGarbage = (text: string, place: Place): LoggedEvent => event(place, 'malformed', { text })

/** The group has voted this node out. */
export const loggedVote = (text: string, place: Place): LoggedEvent => event(place, 'vote', { text })

/** What is known of the view after an event. */
export const viewAfter = (before: KnownView, { index, members }: LoggedEvent): KnownView => (members === null ? before : { index, members })

/** Who leaves the group for good sees nobody any more: it has left, not the others. */
function changes(before: KnownView, members: KnownView['members']): Pick<LoggedEvent, 'size' | 'members' | 'joined' | 'left'> {
  if (members === null) return { size: null, members, joined: [], left: [] }
  const old = before.members ?? []
  const without = (some: typeof old, others: typeof old) => some.filter(({ uuid }) => !others.some((one) => one.uuid === uuid)).map(({ name }) => name)
  const self = before.index === null ? undefined : old[before.index]
  return { size: members.length, members, joined: without(members, old), left: members.length === 0 ? (self === undefined ? [] : [self.name]) : without(old, members) }
}
