import type { Fault } from '../errors.ts'
import type { Data } from '../galera/observation.ts'
import { BINLOG_BASENAME } from '../mariadb/binlog-config.ts'
import { folderBytes } from '../system/disk.ts'

/** Room for a launch and for a state transfer: how much there is, and how much is needed. */

/** A start writes logs, a redo log and the galera cache. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024

/** What a joiner writes beside the rows: a redo log while they are prepared, temporary tables. */
const SPARE = 1.05

/** What a donor tells of the state that it would send. */
export interface Sendable {
  readonly name: string
  /** Of its datadir, but what stays there. */
  readonly bytes: number
  /** From which seqno on it can send write-sets alone; null where it does not tell. */
  readonly cachedDownto: bigint | null
}

/** What is about to come into a datadir; `seqno`: of its own data, null where that is none of the cluster's history. */
export interface Transfer {
  readonly seqno: bigint | null
  /** Bytes that the transfer frees first, for it replaces them. */
  readonly replaced: number
  /** Who may send; nobody where only agents of earlier versions run, which do not tell. */
  readonly donors: readonly Sendable[]
}

/** What a donor keeps to itself. */
const NOT_SENT = new RegExp(`^(${BINLOG_BASENAME}\\..*|ibtmp\\d+)$`)

/** Bytes of a datadir that a state transfer replaces, and sends about; 0 where there is none. */
export const datadirBytes = (datadir: string): Promise<number> => folderBytes(datadir, NOT_SENT)

/** Whether a transfer puts the new state in the place of this data; what is moved aside takes its room on. */
export const isReplaced = (data: Data | null, { aside, madeEmpty }: { readonly aside: boolean; readonly madeEmpty: boolean }): boolean =>
  !aside && (data?.kind === 'position' || data?.kind === 'fresh' || (data?.kind === 'partial' && madeEmpty))

/** What is missing for a server to start; null where nothing is. */
export function launchFault(folder: string, free: number): Fault | null {
  if (free >= LEAST_FREE_BYTES) return null
  return { code: 'disk-full', message: `the disk of ${folder} is full: ${mebibytes(free)} MiB are free there, ${mebibytes(LEAST_FREE_BYTES)} MiB are needed to start mariadbd`, hint: HINT }
}

/**
 * What is missing for a state transfer; null where nothing is, or nobody knows. Where a donor has all write-sets that are missing here, the
 * node takes those; all others send a full copy, for which the own one is deleted before it is known whether the new one fits.
 */
export function transferFault(folder: string, free: number, { seqno, replaced, donors }: Transfer): Fault | null {
  if (donors.length === 0) return null
  if (seqno !== null && donors.some(({ cachedDownto }) => cachedDownto !== null && cachedDownto > 0n && cachedDownto <= seqno + 1n)) return null
  const { name, bytes } = donors.reduce((least, one) => (one.bytes < least.bytes ? one : least))
  const needed = Math.ceil(bytes * SPARE) + LEAST_FREE_BYTES
  if (free + replaced >= needed) return null
  const own = replaced === 0 ? '' : ` and ${mebibytes(replaced)} MiB of its own data would be replaced`
  return { code: 'disk-full', message: `a full copy of ${name}'s data does not fit on the disk of ${folder}: it needs ${mebibytes(needed)} MiB, ${mebibytes(free)} MiB are free there${own}; no state transfer begins, and what is there stays`, hint: HINT }
}

const HINT = 'Make room on that disk, or give it a larger one; rescued/ and data.half-… take room too. The node waits and tries again by itself.'

export const mebibytes = (bytes: number) => Math.floor(bytes / 1_048_576)
