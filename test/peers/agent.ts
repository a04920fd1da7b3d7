import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { configuration, datadir, logFile, pidFile, socket, type DebianHosts } from './debian-hosts.ts'
import type { Host } from './peer.ts'

const GALERA = '/usr/lib/ocf/resource.d/heartbeat/galera'
const STAND_INS = join(import.meta.dirname, 'stand-ins')

/** Exit codes of the OCF resource agent API. `cut`: its host lost power during the call. */
export const OCF = { success: 0, notRunning: 7, promoted: 8, timeout: 1, cut: -1 } as const

/** Milliseconds, as the agent's metadata advises. */
const TIMEOUTS = { start: 120_000, stop: 120_000, monitor: 30_000, promote: 300_000, demote: 120_000 } as const
export type Action = keyof typeof TIMEOUTS

/** Calls the galera agent on one host as pacemaker does: everything by environment, the answer by exit code. */
export class Agent {
  readonly #debian: DebianHosts
  readonly #host: Host
  /** Where the stand-ins keep the cluster's attributes. */
  readonly #attributes: string
  /** The resource's `wsrep_cluster_address`, which an administrator may change. */
  readonly #cluster: () => string
  #running: ChildProcess | null = null

  constructor(debian: DebianHosts, host: Host, attributes: string, cluster: () => string) {
    this.#debian = debian
    this.#host = host
    this.#attributes = attributes
    this.#cluster = cluster
  }

  /** `interval`: milliseconds of a recurring monitor; 0 is a probe. */
  call(action: Action, interval = 0): Promise<number> {
    const said = join(this.#host.folder, 'agent.log')
    appendFileSync(said, `--- ${new Date().toISOString()} ${action}\n`)
    const log = openSync(said, 'a')
    const child = spawn(GALERA, [action], { env: this.#environment(action, interval), cwd: '/', stdio: ['ignore', log, log], detached: true })
    this.#running = child
    return new Promise((resolve) => {
      const late = setTimeout(() => killGroup(child), TIMEOUTS[action])
      child.once('exit', (code) => {
        clearTimeout(late)
        const cut = this.#running !== child
        this.#running = null
        appendFileSync(said, `--- ${new Date().toISOString()} ${action}: ${code}\n`)
        resolve(cut ? OCF.cut : (code ?? OCF.timeout))
      })
    })
  }

  /** The host loses power. */
  cut(): void {
    const child = this.#running
    this.#running = null
    if (child !== null) killGroup(child)
  }

  #environment(action: Action, interval: number): NodeJS.ProcessEnv {
    const host = this.#host
    const scratch = join(host.folder, 'agent')
    mkdirSync(scratch, { recursive: true })
    return {
      PATH: `${STAND_INS}:${process.env['PATH']}`,
      HA_SBIN_DIR: STAND_INS,
      PEERS_ATTRIBUTES: this.#attributes,
      SHELL: '/bin/bash',
      HA_RSCTMP: scratch,
      HA_LOGFILE: join(host.folder, 'agent.log'),
      OCF_ROOT: '/usr/lib/ocf',
      OCF_RESOURCE_INSTANCE: 'galera',
      OCF_RESOURCE_TYPE: 'galera',
      OCF_RESOURCE_PROVIDER: 'heartbeat',
      // Pacemaker 2.1.5, which Debian 12 has.
      OCF_RESKEY_crm_feature_set: '3.16.2',
      OCF_RESKEY_CRM_meta_on_node: host.name,
      OCF_RESKEY_CRM_meta_promotable: 'true',
      OCF_RESKEY_CRM_meta_timeout: String(TIMEOUTS[action]),
      OCF_RESKEY_CRM_meta_interval: String(interval),
      OCF_RESKEY_wsrep_cluster_address: this.#cluster(),
      OCF_RESKEY_cluster_host_map: this.#debian.all.map(({ name, address }) => `${name}:${address}`).join(';'),
      OCF_RESKEY_config: configuration(host),
      OCF_RESKEY_datadir: datadir(host),
      OCF_RESKEY_socket: socket(host),
      OCF_RESKEY_pid: pidFile(host),
      OCF_RESKEY_log: logFile(host),
      OCF_RESKEY_check_user: 'root',
      OCF_RESKEY_check_passwd_use_empty: '1',
      // The agent's check takes the client's default socket, as it expects one node on a host.
      OCF_RESKEY_client_binary: `mysql --no-defaults --socket=${socket(host)}`,
    }
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended before.
  }
}
