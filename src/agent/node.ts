import { EventEmitter } from 'node:events'
import type { Config } from '../config/resolve.ts'
import { configOf, type GearPaths, gearServerFiles, openGear } from '../gear/gear.ts'
import type { ErrorShape, Fault } from '../errors.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import type { Endpoint } from '../galera/endpoint.ts'
import { isSynced, type NodeStatus } from '../galera/node-status.ts'
import type { Down, Launch, Observation, Orders } from '../galera/observation.ts'
import { othersOf } from '../galera/peer-list.ts'
import { newIncarnation, type Signer } from '../peers/identity.ts'
import type { DatadirState } from '../mariadb/position.ts'
import type { Mariadb } from '../mariadb/programs.ts'
import type { Server, ServerFiles } from '../mariadb/server.ts'
import type { Session } from '../mariadb/session.ts'
import { derive } from '../config/secrets.ts'
import type { SstReport } from '../sst/report.ts'
import type { Logger } from '../system/log.ts'
import { NO_VIEW, type KnownView } from '../galera/notify-event.ts'
import { ArchiveState } from './archive-state.ts'
import type { Lease } from './lease.ts'
import { EventCounts } from './event-counts.ts'
import type { LedgerStore } from './ledger-store.ts'

/** An older status tells nothing any more, milliseconds. */
const LONGEST_STATUS = 15_000

/** What the node is doing, in the order of a start. */
export type Phase = 'stopped' | 'reading position' | 'asking peers' | 'waiting' | 'fencing' | 'launching' | 'joining' | 'running' | 'stopping'

/** An operator's: whose data may be lost, and who is believed to be gone since it did not answer when the word was asked for. */
export interface Word {
  readonly lose: readonly string[]
  readonly gone: readonly string[]
  readonly reason: string
}

/** What a donor last told of the state that it sends here. */
export interface IncomingSst {
  readonly report: SstReport
  /** When (performance.now) it came, and when one was last written to the log. */
  readonly heardAt: number
  readonly loggedAt: number
}

/** The one node that an agent keeps: everything that the agent knows of it, and what it last heard of the others. */
export class Node {
  readonly paths: GearPaths
  readonly ledger: LedgerStore
  readonly session: Session
  readonly log: Logger
  readonly #incarnation = newIncarnation()
  /** `change` with each new phase or message. */
  readonly events = new EventEmitter<{ change: [] }>()
  readonly counts = new EventCounts()
  readonly archive = new ArchiveState()
  /** What mariadbd last told of its view. */
  toldView: () => KnownView = () => NO_VIEW
  config: Config
  readonly mariadb: Mariadb
  phase: Phase = 'stopped'
  /** What it is doing, for people. */
  message = ''
  intent: Down['intent'] = 'stay'
  launched: Launch | null = null
  datadir: DatadirState | null = null
  /** When (performance.now) it was read. */
  readAt = -Infinity
  /** The reading of the position that is under way. */
  reading: Promise<void> | null = null
  server: Server | null = null
  status: NodeStatus | null = null
  /** When (performance.now) the status was read. */
  statusAt = -Infinity
  /** Since when (performance.now) mariadbd answers SQL while it is in no group. */
  outsideSince: number | null = null
  /** Since when (performance.now) it is in a group that is not primary. */
  nonPrimarySince: number | null = null
  /** Views that would not re-form: their members decide otherwise from then on. */
  readonly givenUpViews = new Set<string>()
  /** It is about to make its component primary: the fence is held. */
  repairing = false
  /** Looks at the server so far: what an earlier one finds late does not count. */
  polls = 0
  /** Whether the ledger's view is the one that the status tells of. */
  viewKnown = true
  /** Seqno of the view whose id the ledger was told last: gvwstate.dat may be written a moment after the status tells of the view. */
  namedView: bigint | null = null
  decision: Decision | RunningDecision | null = null
  observations: readonly Observation[] = []
  /** When (performance.now) the running node last asked the others, and what was wrong then. */
  peersSeen = -Infinity
  alarms: readonly Fault[] = []
  /** Since when (performance.now) it has been asking its peers without coming up. */
  askingSince: number | null = null
  /** An operator's word on whose data may be lost; until the node is up or stopped. */
  word: Word | null = null
  /** What a donor last told of the state that it sends here. */
  incomingSst: IncomingSst | null = null
  /** The snapshot that is being taken from here. */
  snapshot: Lease | null = null
  /** This agent made the datadir, and nothing but unfinished state transfers came into it since. */
  madeEmpty = false
  /** A person has said that what was restored here long ago is to be started. */
  startsRestored = false
  /** Why the last attempt to start ended, until the next one. */
  failure: ErrorShape | null = null

  constructor(paths: GearPaths, config: Config, mariadb: Mariadb, ledger: LedgerStore, session: Session, log: Logger) {
    this.paths = paths
    this.config = config
    this.mariadb = mariadb
    this.ledger = ledger
    this.session = session
    this.log = log
    this.events.setMaxListeners(0)
  }

  get files(): ServerFiles {
    return gearServerFiles(this.paths)
  }

  /** With what this process signs, as this node. */
  get key(): Signer {
    return { secret: derive(this.config.secret, 'agent-messages'), name: this.config.name, incarnation: this.#incarnation }
  }

  get others(): readonly Endpoint[] {
    return othersOf(this.config.peers ?? [], this.config.own)
  }

  get synced(): boolean {
    return this.status !== null && isSynced(this.status) && performance.now() - this.statusAt < LONGEST_STATUS
  }

  /** What the peers told. */
  hear(observations: readonly Observation[]): void {
    this.observations = observations
    for (const { kind, name } of observations) if (kind !== 'silent') this.hearFrom(name)
  }

  /** A sign of life, also a proposal of its own. A word against a node that was believed to be gone is void then. */
  hearFrom(name: string): void {
    if (this.word?.gone.includes(name) !== true) return
    this.log.warn({ word: this.word }, `an operator's word is void: ${name}, which was given up, answers`)
    this.word = null
  }

  /** By whose word absent members may be left behind, now. */
  get orders(): Orders {
    const since = this.askingSince ?? this.nonPrimarySince
    const waited = since === null ? 0 : performance.now() - since
    return { majority: this.config.absentMembers === 'majority' && waited >= this.config.absentWait, lose: this.word?.lose ?? [], reason: this.word?.reason ?? '' }
  }

  /** Settings and the peer list may have changed on disk; a faulty change leaves the old ones in force. */
  async reload(): Promise<void> {
    try {
      this.config = configOf(await openGear(this.paths.dir))
    } catch (error) {
      this.log.error({ err: error }, 'the settings on disk are faulty; the old ones stay in force')
    }
  }

  say(phase: Phase, message: string): void {
    if (this.phase === phase && this.message === message) return
    this.phase = phase
    this.message = message
    this.log.info({ phase }, message)
    this.events.emit('change')
  }
}
