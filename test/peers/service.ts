import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { configuration, logFile } from './debian-hosts.ts'
import type { Host } from './peer.ts'

/** `RestartSec` of Debian's mariadb.service, milliseconds. */
const RESTART_AFTER = 5_000

/** How long an operator looks at a stop that does not end, milliseconds. */
const PATIENCE = 30_000

/** Signals that systemd takes for an orderly end under `Restart=on-abnormal`. */
const ORDERLY: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'])

/** The `ExecStart` of Debian's mariadb.service, with the node's configuration in place of the host's. */
const EXEC_START = 'set -f; VAR=`/usr/bin/galera_recovery --defaults-file="$CONFIGURATION"`; [ $? -eq 0 ] || exit 1; exec /usr/sbin/mariadbd --defaults-file="$CONFIGURATION" $_WSREP_NEW_CLUSTER $VAR'

/** What systemd does with mariadb.service on one host: start, stop, start anew 5 s after an end by a signal, and not after an exit code. */
export class Service {
  readonly #host: Host
  #child: ChildProcess | null = null
  #restart: NodeJS.Timeout | null = null

  constructor(host: Host) {
    this.#host = host
  }

  /** The unit runs, or will be started anew. */
  get alive(): boolean {
    return this.#child !== null || this.#restart !== null
  }

  /** `newCluster`: what `galera_new_cluster` puts into the unit's environment. */
  start(newCluster?: '--wsrep-new-cluster'): void {
    const log = openSync(logFile(this.#host), 'a')
    const child = spawn('sh', ['-c', EXEC_START], { ...DATABASE_USER, cwd: '/', env: { PATH: process.env['PATH'], CONFIGURATION: configuration(this.#host), _WSREP_NEW_CLUSTER: newCluster ?? '' }, stdio: ['ignore', log, log] })
    this.#child = child
    child.once('exit', (_code, signal) => {
      if (this.#child !== child) return
      this.#child = null
      if (signal !== null && !ORDERLY.has(signal)) this.#restart = setTimeout(() => this.#again(), RESTART_AFTER)
    })
  }

  /** A mariadbd that waits for a primary component does not heed SIGTERM, and the unit has `SendSIGKILL=no`: a person sends SIGKILL. */
  async stop(): Promise<void> {
    this.#forgetRestart()
    const child = this.#child
    if (child === null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const patience = setTimeout(() => this.#kill(child), PATIENCE)
    await ended
    clearTimeout(patience)
  }

  /** systemd itself is gone with its host. */
  cut(): void {
    this.#forgetRestart()
    this.#child = null
  }

  /** Forgotten before it ends, so that it is not started anew. */
  #kill(child: ChildProcess): void {
    if (this.#child === child) this.#child = null
    child.kill('SIGKILL')
  }

  #again(): void {
    this.#restart = null
    this.start()
  }

  #forgetRestart(): void {
    if (this.#restart !== null) clearTimeout(this.#restart)
    this.#restart = null
  }
}

const idOf = (option: string) => Number(execFileSync('id', [option, 'mysql'], { encoding: 'utf8' }))

/** `User=` and `Group=` of the unit. */
export const DATABASE_USER = { uid: idOf('-u'), gid: idOf('-g') }
