import { join } from 'node:path'
import { BACKUP_USER } from '../config/secrets.ts'
import type { Config } from '../config/resolve.ts'
import { formatClusterAddress } from '../galera/cluster-address.ts'
import { type Endpoint, hostPort } from '../galera/endpoint.ts'
import { groupName } from '../galera/member-name.ts'
import { type TlsFiles, tlsFiles } from '../tls/files.ts'
import { fill, templateFor } from './templates.ts'
import { backupPassword } from './users.ts'

/** The paths of a gear that its my.cnf names. */
export interface ServerPaths {
  readonly basedir: string
  readonly data: string
  readonly socket: string
  readonly pidFile: string
  readonly run: string
  readonly conf: string
  readonly clusterConfig: string
  readonly backupConfig: string
  readonly tlsConfig: string
  readonly binlogConfig: string
  readonly tls: string
  readonly hooks: string
}

/**
 * Timers that only say how soon nodes find each other at a start; failure detection (evs.suspect_timeout)
 * stays at Galera's defaults. With the defaults, 2.5 of the 4 seconds of a rejoin are waiting for them [ran].
 */
const JOIN_TIMERS = ['evs.join_retrans_period=PT0.1S', 'evs.inactive_check_period=PT0.05S']

export function renderMyCnf(config: Config, series: string, paths: ServerPaths): string {
  return fill(templateFor(series), {
    version: series,
    basedir: paths.basedir,
    datadir: paths.data,
    socket: paths.socket,
    pidFile: paths.pidFile,
    tmpdir: paths.run,
    bindAddress: config.bindAddress,
    sqlPort: config.listen.sql,
    bufferPool: config.bufferPool,
    galeraLibrary: config.galeraLibrary,
    clusterName: config.clusterName,
    name: groupName(config.name),
    nodeAddress: hostPort(config.own.host, config.own.groupPort),
    incomingAddress: hostPort(config.own.host, config.own.sqlPort),
    sstMethod: config.sstMethod,
    // A transfer by mysqldump is made of SQL statements.
    sstAddress: hostPort(config.own.host, config.sstMethod === 'mysqldump' ? config.own.sqlPort : config.own.sstPort),
    notifyCommand: join(paths.hooks, 'notify'),
    providerOptions: providerOptions(config, tlsFiles(config, paths.tls)),
    clusterConfig: paths.clusterConfig,
    backupConfig: paths.backupConfig,
    tlsConfig: paths.tlsConfig,
    binlogConfig: paths.binlogConfig,
    confd: join(paths.conf, 'conf.d'),
  })
}

/** `conf/cluster.cnf`, rewritten before each start with the peers that are online. */
export function renderClusterConfig(peers: readonly Endpoint[]): string {
  return `# Written before each start with the peers that were online.\n[mariadbd]\nwsrep_cluster_address = "${formatClusterAddress(peers)}"\n`
}

/** `conf/backup.cnf`, for its owner alone: how mariadb-backup logs in, so that the password is in nobody's arguments or environment. */
export function renderBackupConfig(config: Config): string {
  return `# For mariadb-backup, which state transfers and snapshots run.\n[mariadb-backup]\nuser = ${BACKUP_USER}\npassword = "${backupPassword(config)}"\n`
}

/**
 * `conf/tls.cnf`: the server offers TLS to clients that ask for it; MariaDB's scripts for state transfers demand it of each
 * other, with the name of the other's certificate verified.
 */
export function renderTlsConfig(files: TlsFiles | null): string {
  if (files === null) return '# TLS is off (--tls on turns it on).\n'
  return `[mariadbd]\nssl_ca = "${files.ca}"\nssl_cert = "${files.certificate}"\nssl_key = "${files.key}"\ntls_version = TLSv1.2,TLSv1.3\n\n[sst]\ntca = "${files.ca}"\ntcert = "${files.certificate}"\ntkey = "${files.key}"\nssl-mode = VERIFY_IDENTITY\n`
}

/**
 * The port of ist.recv_addr counts for nothing: Galera tells donors its host, and the port that it listens on (ist.cpp). So that is the public
 * one; behind a port proxy the agent hands on what comes to ist-port.
 */
export const istBind = ({ bindAddress, own }: Pick<Config, 'bindAddress' | 'own'>): string => `ist.recv_bind=${hostPort(bindAddress, own.istPort)}`

function providerOptions(config: Config, tls: TlsFiles | null): string {
  const own = [
    `gcache.size=${config.gcacheSize}`,
    `gmcast.listen_addr=tcp://${hostPort(config.bindAddress, config.listen.group)}`,
    `ist.recv_addr=${hostPort(config.own.host, config.own.istPort)}`,
    istBind(config),
    `pc.weight=${config.weight}`,
    ...(tls === null ? [] : [`socket.ssl_ca=${tls.ca}`, `socket.ssl_cert=${tls.certificate}`, `socket.ssl_key=${tls.key}`]),
    ...JOIN_TIMERS,
  ]
  return [...own, ...config.providerOptions.split(';').map((option) => option.trim()).filter((option) => option !== '')].join(';')
}
