import type { Config } from '../config/resolve.ts'
import type { Settings } from '../galera/cycle/state.ts'
import { configOf, type GearPaths, openGear } from '../gear/gear.ts'
import type { Logger } from '../system/log.ts'

/** The gear's settings as they were last read. */
export class SettingsStore {
  readonly #paths: GearPaths
  readonly #log: Logger
  #config: Config
  #settings: Settings

  constructor(paths: GearPaths, config: Config, log: Logger) {
    this.#paths = paths
    this.#log = log
    this.#config = config
    this.#settings = settingsOf(config)
  }

  get config(): Config {
    return this.#config
  }

  /** What the cycle needs of them; equal settings are the same value. */
  get settings(): Settings {
    return this.#settings
  }

  /** Settings and the peer list may have changed on disk; a faulty change leaves the old ones in force. */
  async reload(): Promise<Settings> {
    try {
      this.#config = configOf(await openGear(this.#paths.dir))
      const now = settingsOf(this.#config)
      if (JSON.stringify(now) !== JSON.stringify(this.#settings)) this.#settings = now
    } catch (error) {
      this.#log.error({ err: error }, 'the settings on disk are faulty; the old ones stay in force')
    }
    return this.#settings
  }
}

const settingsOf = ({ name, peers, weight, absentMembers, absentWait, stopTimeout }: Config): Settings =>
  ({ name, listed: peers !== null, weight, majority: absentMembers === 'majority', absentWait, stopTimeout })
