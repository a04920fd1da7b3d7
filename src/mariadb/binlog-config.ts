import { createHash } from 'node:crypto'
import type { Config } from '../config/resolve.ts'
import { CLUSTER_DOMAIN } from '../galera/server-gtid.ts'

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

/** A number above that of the cluster's domain, of 32 bits; two nodes hardly have the same, and nothing depends on it. */
export function ownDomain(name: string): number {
  return 1_000 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 4_000_000_000)
}
