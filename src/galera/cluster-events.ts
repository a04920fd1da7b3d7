import type { Finding } from './functioning.ts'

/*
 * CREATE EVENT and ALTER EVENT … ENABLE switch an event on where they are run and off on every other node (SLAVESIDE_DISABLED), also one that is
 * DISABLED there. So an event that is off on all nodes by others' doing alone runs nowhere [ran: 10.11.19].
 */

/** An event as one node has it. */
export interface ClusterEvent {
  readonly schema: string
  readonly name: string
  readonly status: 'ENABLED' | 'DISABLED' | 'SLAVESIDE_DISABLED'
  /** `user@host`. */
  readonly definer: string
  /** Of its making: ALTER EVENT would give it the session's. */
  readonly charset: string
  readonly collation: string
}

/** What a node tells of its events; null: it does not answer, or cannot tell. */
export interface NodeEvents {
  readonly name: string
  readonly events: readonly ClusterEvent[] | null
  /** event_scheduler: `ON`, `OFF` or `DISABLED`. */
  readonly scheduler: string
}

/** Whether an event is to run, as far as the nodes that answer tell. */
export interface EventFate {
  readonly schema: string
  readonly name: string
  /** `unknown`: on by no node that answers, and off by none either. */
  readonly fate: 'on' | 'off' | 'unknown'
}

/** So many are named one by one. */
const NAMED = 10

const keyOf = ({ schema, name }: Pick<ClusterEvent, 'schema' | 'name'>) => JSON.stringify([schema, name])
const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``
const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** ALTER EVENT takes the user who runs it for the definer, where none is named (MariaDB's manual). */
function accountOf(definer: string): string {
  const at = definer.lastIndexOf('@')
  return at < 0 ? quoted(definer) : `${quoted(definer.slice(0, at))}@${quoted(definer.slice(at + 1))}`
}

/** Leaves all but the status as it is, in a session that speaks as `speaking` says. */
export const alterEvent = (event: ClusterEvent, status: 'ENABLE' | 'DISABLE ON SLAVE'): string => `ALTER DEFINER = ${accountOf(event.definer)} EVENT ${quoted(event.schema)}.${quoted(event.name)} ${status}`

export const speaking = ({ charset, collation }: ClusterEvent): string => `SET SESSION character_set_client = ${literal(charset)}, collation_connection = ${literal(collation)}`

/** For people, at the client's prompt. */
const enabling = (event: ClusterEvent): string => `${event.charset === 'utf8mb4' ? '' : `SET NAMES ${event.charset}; `}${alterEvent(event, 'ENABLE')};`

/** Each event with the nodes where it is on, in the order of the first node. */
function gathered(nodes: readonly NodeEvents[]): readonly { readonly event: ClusterEvent; readonly on: readonly string[]; readonly fate: EventFate['fate'] }[] {
  const all = nodes.flatMap(({ name, events }) => (events ?? []).map((event) => ({ node: name, event })))
  return [...Map.groupBy(all, ({ event }) => keyOf(event)).values()].flatMap((some) => {
    const [first] = some
    if (first === undefined) return []
    const on = some.filter(({ event }) => event.status === 'ENABLED')
    const fate = on.length > 0 ? ('on' as const) : some.some(({ event }) => event.status === 'DISABLED') ? ('off' as const) : ('unknown' as const)
    return [{ event: (on[0] ?? first).event, on: on.map(({ node }) => node), fate }]
  })
}

export const eventFates = (nodes: readonly NodeEvents[]): readonly EventFate[] => gathered(nodes).map(({ event: { schema, name }, fate }) => ({ schema, name, fate }))

/** Events that run nowhere, or more than once; pure. */
export function eventFindings(nodes: readonly NodeEvents[]): readonly Finding[] {
  const telling = nodes.filter(({ events }) => events !== null).map(({ name }) => name)
  const silent = nodes.filter(({ events }) => events === null).map(({ name }) => name)
  const all = gathered(nodes)
  const found = all.flatMap(({ event, on, fate }): readonly Finding[] => {
    const what = `event ${event.schema}.${event.name}`
    if (on.length > 1) return [{ level: 'warning', what: `${what} is enabled on ${on.join(' and ')}: each of its runs happens on both`, mend: `On the one node that is to run it: ${enabling(event)} That switches it off on the others.` }]
    if (fate !== 'unknown') return []
    const mend = `On one node: ${enabling(event)} If it is not to run: DISABLE in place of ENABLE.`
    return [silent.length === 0 ? { level: 'error', what: `${what} runs on no node: the node that ran it is gone, or has lost its data`, mend } : { level: 'warning', what: `${what} does not run on ${telling.join(' or ')}; it may run on ${silent.join(' or ')}, which cannot be asked`, mend: `If ${silent.join(' and ')} will not come back, on one node: ${enabling(event)}` }]
  })
  const more: readonly Finding[] = found.length <= NAMED ? [] : [{ level: found.some(({ level }) => level === 'error') ? 'error' : 'warning', what: `${found.length - NAMED} more events run nowhere or more than once`, mend: 'Run galeractl check again after fixing those above. See information_schema.EVENTS on each node.' }]
  return [...found.slice(0, NAMED), ...more, ...idle(nodes)]
}

/** Events that are on where nobody runs them. */
function idle(nodes: readonly NodeEvents[]): readonly Finding[] {
  return nodes.flatMap(({ name, events, scheduler }): readonly Finding[] => {
    const on = (events ?? []).filter(({ status }) => status === 'ENABLED').map((event) => `${event.schema}.${event.name}`)
    if (on.length === 0 || scheduler === 'ON') return []
    const now = scheduler === 'DISABLED' ? 'then restart it' : `and SET GLOBAL event_scheduler = ON on ${name}`
    return [{ level: 'warning', what: `event_scheduler is ${scheduler} on ${name}: ${on.slice(0, NAMED).join(', ')}${on.length > NAMED ? ', …' : ''} ${on.length === 1 ? 'does' : 'do'} not run`, mend: `Put event_scheduler = ON into conf.d of every node, ${now}.` }]
  })
}
