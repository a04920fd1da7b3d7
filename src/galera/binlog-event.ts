import { OutsideError } from '../errors.ts'
import type { ServerGtid } from './server-gtid.ts'

/** Events of MariaDB's binary log, version 4; numbers are little-endian (https://mariadb.com/kb/en/replication-protocol/). */

export const BINLOG_MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e])
export const HEADER_BYTES = 19

export const EVENT = { query: 2, rotate: 4, format: 15, xid: 16, xaPrepare: 38, gtid: 162, gtidList: 163, encryption: 164, queryCompressed: 165 } as const

export interface EventHeader {
  /** Seconds since 1970: when the statement began. */
  readonly time: number
  readonly type: number
  readonly server: number
  /** Bytes, header and checksum included. */
  readonly length: number
}

/** The file is still being written: a flag in the header of its first event, which is not part of the checksum. */
export const IN_USE_OFFSET = BINLOG_MAGIC.length + 17

/** @throws OutsideError `bad-binlog` where there can be no event */
export function parseHeader(bytes: Buffer, at: number): EventHeader {
  const header = { time: bytes.readUInt32LE(at), type: bytes.readUInt8(at + 4), server: bytes.readUInt32LE(at + 5), length: bytes.readUInt32LE(at + 9) }
  if (header.length < HEADER_BYTES) throw damaged(`an event of ${header.length} bytes`)
  return header
}

/** Whether events end with a CRC32, which the format event tells before its own. */
export function hasChecksums(format: Buffer): boolean {
  if (format.length < HEADER_BYTES + 62) throw damaged('a format event that is too short')
  if (format.readUInt16LE(HEADER_BYTES) !== 4) throw damaged(`binlog version ${format.readUInt16LE(HEADER_BYTES)}`)
  return format.readUInt8(format.length - 5) === 1
}

/**
 * The format event and the list of GTIDs behind it, which tell one file from all others; null while they are not complete.
 * @throws OutsideError `bad-binlog`
 */
export function headOf(bytes: Buffer): Buffer | null {
  let end = BINLOG_MAGIC.length
  for (const type of [EVENT.format, EVENT.gtidList]) {
    if (bytes.length < end + HEADER_BYTES) return null
    const header = parseHeader(bytes, end)
    if (header.type === EVENT.encryption) throw damaged('it is encrypted (encrypt_binlog)')
    if (header.type !== type) throw damaged(`event ${header.type} where ${type} must be`)
    end += header.length
  }
  return bytes.length < end ? null : bytes.subarray(0, end)
}

export interface GtidEvent {
  readonly gtid: ServerGtid
  /** One event follows, not a group with an end of its own. */
  readonly standalone: boolean
}

export function parseGtidEvent(event: Buffer): GtidEvent {
  if (event.length < HEADER_BYTES + 13) throw damaged('a GTID event that is too short')
  const gtid = { seqno: event.readBigUInt64LE(HEADER_BYTES), domain: event.readUInt32LE(HEADER_BYTES + 8), server: event.readUInt32LE(5) }
  return { gtid, standalone: (event.readUInt8(HEADER_BYTES + 12) & 1) === 1 }
}

/** The state before the file: the last GTID of each domain and server. */
export function parseGtidList(event: Buffer): readonly ServerGtid[] {
  const count = event.readUInt32LE(HEADER_BYTES) & 0x0f_ff_ff_ff
  if (event.length < HEADER_BYTES + 4 + count * 16) throw damaged('a list of GTIDs that is too short')
  return Array.from({ length: count }, (_, one) => {
    const at = HEADER_BYTES + 4 + one * 16
    return { domain: event.readUInt32LE(at), server: event.readUInt32LE(at + 4), seqno: event.readBigUInt64LE(at + 8) }
  })
}

/** Galera's seqno of a transaction, which MariaDB has as its XID [ran]. */
export const parseXid = (event: Buffer): bigint => event.readBigUInt64LE(HEADER_BYTES)

/** COMMIT or ROLLBACK as a statement, which ends what was written to tables without transactions. */
export function endsTransaction(query: Buffer, checksums: boolean): boolean {
  const text = query.toString('latin1', HEADER_BYTES, query.length - (checksums ? 4 : 0))
  return text.endsWith('\0COMMIT') || text.endsWith('\0ROLLBACK')
}

export function damaged(what: string): OutsideError {
  return new OutsideError('bad-binlog', `not a binary log that can be read: ${what}`, 'Compare its SHA-256 with the one in its note; take the same range from another node.')
}
