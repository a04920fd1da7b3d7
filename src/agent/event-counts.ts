import { type KnownView, NO_VIEW } from '../galera/notify-event.ts'

/** What an agent counts of events since it started. */
export class EventCounts {
  /** Events by status; the empty one where a call told none. */
  readonly byStatus = new Map<string, number>()
  /** The view that mariadbd last reported. */
  toldView: () => KnownView = () => NO_VIEW
  /** Puts a vote against this node into the event log; null where events cannot be logged. */
  note: ((text: string, time: string) => Promise<void>) | null = null
  malformed = 0
  /** Views that mariadbd did not tell of. */
  untold = 0
  /** Bytes in the spool that were not taken yet. */
  spoolLag = 0
  /** Whether what is spooled can't be logged now. */
  spoolFailing = false
  /** Runs of commands in notify.d, how many of them failed, and how many of those because their time was up. */
  runs = 0
  failures = 0
  timeouts = 0
  /** Milliseconds that the runs took. */
  runTime = 0
  /** Events that wait for the commands, and those that were dropped because too many waited. */
  queued = 0
  dropped = 0
  /** How often mariadbd ended unexpectedly. */
  crashes = 0
}
