import { UsageError } from '../errors.ts'

/** A GTID as MariaDB counts, `DOMAIN-SERVER-SEQNO`; Galera's own is in gtid.ts. */
export interface ServerGtid {
  readonly domain: number
  /** Of the node where the history began; it names nobody [ran]. */
  readonly server: number
  readonly seqno: bigint
}

/**
 * wsrep_gtid_domain_id: the domain of all that the cluster replicates. Only 0 is safe: after a whole cluster has re-formed its
 * view, MariaDB 10.11 numbers what the first node writes in domain 0, whatever the setting says [ran].
 */
export const CLUSTER_DOMAIN = 0

const GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,19})$/

/** @throws UsageError `bad-server-gtid` for anything but `DOMAIN-SERVER-SEQNO` */
export function parseServerGtid(text: string): ServerGtid {
  const [, domain, server, seqno] = GTID.exec(text.trim()) ?? []
  if (domain === undefined || server === undefined || seqno === undefined) throw new UsageError('bad-server-gtid', `not a GTID: ${JSON.stringify(text.slice(0, 80))}`, 'A GTID is DOMAIN-SERVER-SEQNO, such as 0-1-4711.')
  return { domain: Number(domain), server: Number(server), seqno: BigInt(seqno) }
}

/** A position such as gtid_binlog_pos: GTIDs separated by commas; '' is the beginning. @throws UsageError `bad-server-gtid` */
export function parseServerGtids(text: string): readonly ServerGtid[] {
  return text.trim() === '' ? [] : text.split(',').map(parseServerGtid)
}

export function formatServerGtid({ domain, server, seqno }: ServerGtid): string {
  return `${domain}-${server}-${seqno}`
}

/** How far a position is in the cluster's domain; 0 is the beginning. A position may name several servers of one domain. */
export function clusterSeqno(position: readonly ServerGtid[]): bigint {
  return position.reduce((most, { domain, seqno }) => (domain === CLUSTER_DOMAIN && seqno > most ? seqno : most), 0n)
}
