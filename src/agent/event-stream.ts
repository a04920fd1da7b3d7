import { type KnownView, type LoggedEvent, loggedCall, loggedGarbage, loggedView, loggedVote, type SpoolPosition, viewAfter } from '../galera/notify-event.ts'
import { parseNotifyArguments } from '../galera/notify-arguments.ts'
import type { SpoolEntry } from '../galera/notify-spool.ts'
import type { View } from '../galera/view.ts'
import type { Logger } from '../system/log.ts'
import type { EventCounts } from './event-counts.ts'
import type { EventLog } from './event-log.ts'

/** Characters. */
const LONGEST_SAMPLE = 200

/** Turns what was spooled into events: logged first, then counted and passed on, in order and one batch at a time. */
export class EventStream {
  readonly #log: Logger
  readonly #events: EventLog
  readonly #counts: EventCounts
  readonly #pass: (event: LoggedEvent) => void
  readonly #nameOf: (told: string) => string
  #writing: Promise<void> = Promise.resolve()
  /** When (performance.now) the view last changed. */
  changedAt = -Infinity

  /** `nameOf`: the node that the group calls so. */
  constructor(events: EventLog, counts: EventCounts, log: Logger, pass: (event: LoggedEvent) => void, nameOf: (told: string) => string = (told) => told) {
    this.#events = events
    this.#counts = counts
    this.#log = log
    this.#pass = pass
    this.#nameOf = nameOf
  }

  get position(): SpoolPosition | null {
    return this.#events.position
  }

  /** Resolves when they are logged; rejects, and has done nothing, where the log can't be written. */
  take(spool: string, entries: readonly SpoolEntry[], time: string): Promise<void> {
    return this.#write(() => {
      let view = this.#events.view
      return entries.map((entry) => {
        const event = this.#read(entry, view, { time, position: { spool, end: entry.end } })
        view = viewAfter(view, event)
        return event
      })
    })
  }

  /** Whether the members that were last told are those of this view. */
  knows(view: View): boolean {
    const uuids = (members: readonly { readonly uuid: string }[]) => members.map(({ uuid }) => uuid).toSorted().join()
    return uuids(this.#events.view.members ?? []) === uuids(view.members)
  }

  /** The server is in a view of which it told nothing. */
  add(view: View, time: string): Promise<void> {
    return this.#write(() => (this.knows(view) ? [] : [loggedView({ ...view, members: view.members.map((member) => ({ ...member, name: member.name === null ? null : this.#nameOf(member.name) })) }, this.#events.view, { time, position: this.position })]))
  }

  /** The node was voted out. */
  addVote(text: string, time: string): Promise<void> {
    return this.#write(() => [loggedVote(text, { time, position: this.position })])
  }

  /** What is removed from the spool hereafter is durable elsewhere. */
  sync(): Promise<void> {
    return this.#events.sync()
  }

  #write(make: () => readonly LoggedEvent[]): Promise<void> {
    const written = this.#writing.then(() => this.#writeNow(make()))
    this.#writing = written.catch(() => undefined)
    return written
  }

  async #writeNow(events: readonly LoggedEvent[]): Promise<void> {
    if (events.length === 0) return
    await this.#events.append(events)
    for (const event of events) this.#announce(event)
  }

  #announce(event: LoggedEvent): void {
    if (event.source === 'vote') return
    const counts = this.#counts
    if (event.source === 'malformed') {
      counts.malformed++
      this.#log.warn({ text: event.text }, 'the notify spool has a malformed record')
      return
    }
    if (event.source === 'server') {
      counts.untold++
      this.#log.warn({ joined: event.joined, left: event.left }, 'mariadbd told nothing of its view; it was read from its tables')
    }
    if (event.members !== null) this.changedAt = performance.now()
    if (event.source === 'notify') counts.byStatus.set(event.status ?? '', (counts.byStatus.get(event.status ?? '') ?? 0) + 1)
    this.#pass(event)
  }

  #read(entry: SpoolEntry, view: KnownView, place: Pick<LoggedEvent, 'time' | 'position'>): LoggedEvent {
    if (entry.kind === 'malformed') return loggedGarbage(entry.text, place)
    try {
      const call = parseNotifyArguments(entry.args)
      const members = call.members?.map((member) => ({ ...member, name: this.#nameOf(member.name) }))
      return loggedCall({ ...call, ...(members === undefined ? {} : { members }) }, view, place)
    } catch {
      return loggedGarbage(entry.args.join(' ').slice(0, LONGEST_SAMPLE), place)
    }
  }
}
