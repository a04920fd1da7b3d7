import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config/resolve.ts'
import type { Fault } from '../errors.ts'
import { CLUSTER_DOMAIN } from '../galera/server-gtid.ts'
import type { ServerSettings } from './server-settings.ts'

/** In the datadir, where the scripts of state transfers look for them and what is moved aside with it stays complete. */
export const BINLOG_BASENAME = 'binlog'

/** A finished file can be compressed; a smaller one costs more notes. */
const LARGEST_BINLOG = '64M'

/**
 * `conf/binlog.cnf`: binary logs with the same GTIDs on all nodes. server_id is left alone: the GTIDs of the cluster have that of
 * the node where the history began, which InnoDB keeps, and a new one here would give some nodes another [ran]. What a session
 * with wsrep_on=OFF writes gets a domain of the node's own. Nothing expires: the agent purges what it has archived.
 */
export function renderBinlogConfig({ archive, name }: Pick<Config, 'archive' | 'name'>): string {
  if (archive === null) return '# No archive of binary logs (--archive DIR turns it on).\n'
  return [
    '[mariadbd]',
    `log_bin = ${BINLOG_BASENAME}`,
    'log_slave_updates = ON',
    `max_binlog_size = ${LARGEST_BINLOG}`,
    'binlog_expire_logs_seconds = 0',
    '# With 0, a power cut could take from the log what is committed',
    'sync_binlog = 1',
    'wsrep_gtid_mode = ON',
    `wsrep_gtid_domain_id = ${CLUSTER_DOMAIN}`,
    `gtid_domain_id = ${ownDomain(name)}`,
    '',
  ].join('\n')
}

/** What a server must have been started with to be archived; conf.d could have won over it. */
const EXPECTED: Readonly<Record<string, string>> = { log_bin: 'ON', log_slave_updates: 'ON', sync_binlog: '1', wsrep_gtid_mode: 'ON', wsrep_gtid_domain_id: String(CLUSTER_DOMAIN) }

export const BINLOG_VARIABLES: readonly string[] = [...Object.keys(EXPECTED), 'log_bin_basename']

/** Which of a running server's variables keep it from being archived, in words; null: none. */
export function binlogFault(globals: ReadonlyMap<string, string>, datadir: string): string | null {
  const wrong = Object.entries(EXPECTED).filter(([name, value]) => globals.get(name) !== value).map(([name]) => name)
  if (wrong.length === 0 && globals.get('log_bin_basename') !== join(datadir, BINLOG_BASENAME)) wrong.push('log_bin_basename')
  return wrong.length === 0 ? null : wrong.map((name) => `${name} = ${globals.get(name) ?? ''}`).join(', ')
}

/** What is archived is read, cut and replayed by programs that have not the server's keys. */
export function encryptedBinlogFault({ archive }: Pick<Config, 'archive'>, settings: ServerSettings): Fault | null {
  if (archive === null || settings.get('encrypt-binlog') !== 'TRUE') return null
  return { code: 'encrypted-binlog', message: 'conf/conf.d sets encrypt_binlog = ON, and binary logs are archived (--archive): encrypted ones could not be replayed', hint: 'Take encrypt_binlog out of conf/conf.d and keep the archive on an encrypted disk; or turn the archive off with --archive "".' }
}

/** A number above that of the cluster's domain, of 32 bits; two nodes hardly have the same, and nothing depends on it. */
export function ownDomain(name: string): number {
  return 1_000 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 4_000_000_000)
}
