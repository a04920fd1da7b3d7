import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { scratchFolder } from '../support/cluster.ts'
import { commandOf, endProcess } from '../support/processes.ts'
import type { Host } from './peer.ts'

/** A folder in the datadir is a database; each new datadir has this one. */
const DATABASE = 'app'

/** Three hosts with Debian's MariaDB on 127.0.NET.1-3: Galera's default settings, the rsync method, data owned by `mysql`. */
export class DebianHosts implements Disposable {
  readonly folder = scratchFolder()
  readonly all: readonly Host[]
  readonly cluster: string

  constructor(net: number) {
    this.all = [1, 2, 3].map((at) => ({ name: `n${at}`, address: `127.0.${net}.${at}`, folder: join(this.folder, `n${at}`) }))
    this.cluster = clusterOf(this.all)
    const empty = join(this.folder, 'empty')
    mkdirSync(empty)
    execFileSync('chown', ['mysql:mysql', empty])
    execFileSync('mariadb-install-db', ['--no-defaults', '--skip-test-db', '--auth-root-authentication-method=normal', '--user=mysql', `--datadir=${empty}`], { stdio: 'ignore' })
    mkdirSync(join(empty, DATABASE))
    for (const host of this.all) {
      mkdirSync(host.folder)
      writeFileSync(configuration(host), `[mysqld]\ndatadir=${datadir(host)}\nsocket=${socket(host)}\npid_file=${pidFile(host)}\nbind_address=${host.address}\nport=3306\nbinlog_format=ROW\ninnodb_autoinc_lock_mode=2\nwsrep_on=ON\nwsrep_provider=/usr/lib/galera/libgalera_smm.so\nwsrep_cluster_name=peers\nwsrep_cluster_address=${this.cluster}\nwsrep_node_name=${host.name}\nwsrep_node_address=${host.address}\nwsrep_provider_options=gmcast.listen_addr=tcp://${host.address}:4567\nwsrep_sst_method=rsync\n`)
      this.install(host)
      execFileSync('chown', ['mysql:mysql', host.folder])
    }
  }

  /** An empty database in place of what was there. */
  install(host: Host): void {
    rmSync(datadir(host), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    cpSync(join(this.folder, 'empty'), datadir(host), { recursive: true })
    execFileSync('chown', ['-R', 'mysql:mysql', datadir(host)])
  }

  [Symbol.dispose](): void {
    killUnder(this.all)
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

export const clusterOf = (hosts: readonly Host[]) => `gcomm://${hosts.map((host) => host.address).join(',')}`
export const configuration = (host: Host) => join(host.folder, 'my.cnf')
export const datadir = (host: Host) => join(host.folder, 'data')
export const socket = (host: Host) => join(host.folder, 'sock')
export const pidFile = (host: Host) => join(host.folder, 'pid')
export const logFile = (host: Host) => join(host.folder, 'log')

/** SIGKILL of every process that names a file of these hosts: servers, mysqld_safe, state transfers. Again until none is left, as mysqld_safe starts a killed server anew. */
export function killUnder(hosts: readonly Host[]): void {
  for (let times = 0; times < 50; times++) {
    const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hosts.some((host) => commandOf(pid).includes(`${host.folder}/`)))
    if (pids.length === 0) return
    for (const pid of pids) endProcess(Number(pid))
  }
  throw new Error('processes are left after 50 times SIGKILL')
}

export const connectAsRoot = (host: Host): Promise<Connection> => createConnection({ socketPath: socket(host), user: 'root', database: DATABASE, connectTimeout: 5_000 })
