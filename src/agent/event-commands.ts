import { groupName } from '../galera/member-name.ts'
import { formatNotifyArguments } from '../galera/notify-arguments.ts'
import type { LoggedEvent } from '../galera/notify-event.ts'
import type { Logger } from '../system/log.ts'
import { cleanEnvironment } from '../system/processes.ts'
import { runInGroup } from '../system/run-in-group.ts'
import type { EventCounts } from './event-counts.ts'
import { findEventPrograms } from './event-programs.ts'

export interface EventCommandOptions {
  readonly folder: string
  /** The gear's folder, which the commands run in. */
  readonly gear: string
  readonly owner: number
  /** Milliseconds. */
  readonly timeout: () => number
  /** wsrep_notify_cmd of conf.d, which the agent calls in mariadbd's place; null where there is none. Where it runs: mariadbd's own folder. */
  readonly notifyCommand: () => Promise<string | null>
  readonly notifyFolder: string
}

/** Events that wait; the oldest is dropped for one more. */
const MOST_WAITING = 1_000
/** How long a look at the folder counts, and how long after SIGTERM comes SIGKILL, milliseconds. */
const LOOK_LASTS = 500
const GRACE = 1_000
/** Characters of a command's output that are logged. */
const MOST_OUTPUT = 2_000
/** Of one variable, characters; the kernel takes 128 KiB. */
const MOST_VARIABLE = 32_768

/** Runs the operator's own commands on each event: one at a time, in order, bounded in time. Their failure is logged and harms nothing. */
export class EventCommands implements AsyncDisposable {
  readonly #options: EventCommandOptions
  readonly #counts: EventCounts
  readonly #log: Logger
  readonly #closing = new AbortController()
  readonly #told = new Set<string>()
  #waiting: LoggedEvent[] = []
  #running: Promise<void> | null = null
  #programs: readonly string[] = []
  #notifyCommand: string | null = null
  #lookedAt = -Infinity

  constructor(options: EventCommandOptions, counts: EventCounts, log: Logger) {
    this.#options = options
    this.#counts = counts
    this.#log = log
  }

  add(event: LoggedEvent): void {
    if (this.#closing.signal.aborted) return
    this.#waiting.push(event)
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift()
      if (this.#counts.dropped++ === 0) this.#log.warn({ waiting: MOST_WAITING }, 'the commands in notify.d are too slow: the oldest events are dropped for them')
    }
    this.#counts.queued = this.#waiting.length
    this.#running ??= this.#run().finally(() => (this.#running = null))
  }

  /** What runs now is ended within a second; what waits is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting = []
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#look().catch((error) => {
        this.#log.error({ err: error, dropped: this.#waiting.length }, 'notify.d can not be read')
        this.#counts.dropped += this.#waiting.length
      })
      if (this.#programs.length === 0 && this.#notifyCommand === null) this.#waiting = []
      const event = this.#waiting.shift()
      this.#counts.queued = this.#waiting.length
      if (event === undefined) return
      for (const program of this.#programs) if (!this.#closing.signal.aborted) await this.#runOne(program, event)
      // mariadbd calls it with what it tells; a view that was read from its tables it did not tell of.
      if (this.#notifyCommand !== null && event.source === 'notify' && !this.#closing.signal.aborted) await this.#runOne(this.#notifyCommand, event, notifyArguments(event))
    }
  }

  /** `args`: of a command line for the shell, as wsrep_notify_cmd is one; null: a program is run by its path. */
  async #runOne(program: string, event: LoggedEvent, args: readonly string[] | null = null): Promise<void> {
    const { gear, timeout, notifyFolder } = this.#options
    const started = performance.now()
    const [file, how] = args === null ? [program, { cwd: gear }] : ['/bin/sh', { args: ['-c', `${program} "$@"`, 'sh', ...args], cwd: notifyFolder }]
    const { ended, timedOut, output } = await runInGroup(file, { ...how, timeout: timeout(), grace: GRACE, input: `${JSON.stringify(event)}\n`, env: { ...cleanEnvironment(), GALERACTL_GEAR: gear, ...eventEnvironment(event) }, mostOutput: MOST_OUTPUT, signal: this.#closing.signal })
    const counts = this.#counts
    counts.runs++
    counts.runTime += performance.now() - started
    if (timedOut) counts.timeouts++
    if (ended === 0 && !timedOut) {
      this.#log.debug({ program, output }, `${args === null ? 'a command in notify.d' : 'wsrep_notify_cmd'} has run`)
      return
    }
    counts.failures++
    this.#log.warn({ program, ended, timedOut, output }, `${args === null ? 'a command in notify.d' : 'wsrep_notify_cmd'} failed`)
  }

  async #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_LASTS) return
    this.#programs = []
    this.#notifyCommand = null
    this.#notifyCommand = await this.#options.notifyCommand()
    const { programs, refused } = await findEventPrograms(this.#options.folder, this.#options.owner)
    this.#programs = programs
    this.#lookedAt = performance.now()
    for (const { path, why } of refused) {
      if (this.#told.has(path)) continue
      this.#told.add(path)
      this.#log.warn({ path }, `not run on events: it ${why}`)
    }
  }
}

/** As mariadbd gave them: names as the group knows them. */
function notifyArguments({ status, view, primary, index, members }: LoggedEvent): readonly string[] {
  const told = { status, uuid: view, primary, index, members: members?.map((one) => ({ ...one, name: groupName(one.name) })) ?? null }
  return formatNotifyArguments(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)))
}

/** Lists are JSON: a name may hold any character. What is too long, or was not told, is left out. */
export function eventEnvironment(event: LoggedEvent): Readonly<Record<string, string>> {
  const { time, source, status, view, primary, index, size, joined, left } = event
  const values = { time, source, status, view, primary: primary === null ? null : primary ? 'yes' : 'no', index, size, joined: JSON.stringify(joined), left: JSON.stringify(left) }
  const told = Object.entries(values).flatMap(([name, value]) => (value === null || String(value).length > MOST_VARIABLE ? [] : [[`GALERACTL_EVENT_${name.toUpperCase()}`, String(value)] as const]))
  return Object.fromEntries(told)
}
