import type { Config } from '../config/resolve.ts'
import { derive } from '../config/secrets.ts'
import { isUp, report } from '../galera/cycle/report.ts'
import type { State } from '../galera/cycle/state.ts'
import type { Endpoint } from '../galera/endpoint.ts'
import type { Down, Live, Observation } from '../galera/observation.ts'
import { othersOf } from '../galera/peer-list.ts'
import { type GearPaths, gearServerFiles } from '../gear/gear.ts'
import type { Mariadb } from '../mariadb/programs.ts'
import type { ServerFiles } from '../mariadb/server.ts'
import type { Session } from '../mariadb/session.ts'
import { askPeers } from '../peers/ask.ts'
import { newIncarnation, type Signer } from '../peers/identity.ts'
import type { Logger } from '../system/log.ts'
import { ArchiveState } from './archive-state.ts'
import { EventCounts } from './event-counts.ts'
import { IncomingTransfers } from './incoming-sst.ts'
import { LeaseHolder } from './lease.ts'
import type { LedgerStore } from './ledger-store.ts'
import type { Loop } from './loop.ts'
import { moment } from './moment.ts'
import { ServerLog } from './server-log.ts'
import type { SettingsStore } from './settings-store.ts'

/** The one node that an agent keeps: where it is, what it is done with, and the loop that decides. What it is at any moment is the loop's state. */
export class Node {
  readonly paths: GearPaths
  readonly mariadb: Mariadb
  readonly ledger: LedgerStore
  readonly session: Session
  readonly log: Logger
  readonly settings: SettingsStore
  readonly #incarnation = newIncarnation()
  readonly counts = new EventCounts()
  readonly archive = new ArchiveState()
  readonly transfers = new IncomingTransfers()
  readonly leases = new LeaseHolder()
  readonly serverLog: ServerLog
  readonly loop: Loop

  constructor(paths: GearPaths, settings: SettingsStore, mariadb: Mariadb, ledger: LedgerStore, session: Session, log: Logger, loop: Loop) {
    this.paths = paths
    this.settings = settings
    this.mariadb = mariadb
    this.ledger = ledger
    this.session = session
    this.log = log
    this.serverLog = new ServerLog({ config: paths.config, series: mariadb.series, data: paths.data, pidFile: paths.pidFile, gear: paths.dir, stderr: paths.serverLog })
    this.loop = loop
  }

  get state(): State {
    return this.loop.state
  }

  get config(): Config {
    return this.settings.config
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
    return isUp(this.state, performance.now())
  }

  /** What it says of itself now. */
  get report(): Down | Live {
    return report(this.state, moment())
  }

  /** Asks every peer at once. */
  ask(): Promise<readonly Observation[]> {
    return askPeers(this.others, { key: this.key, clusterName: this.config.clusterName, timeout: this.config.probeTimeout })
  }
}
