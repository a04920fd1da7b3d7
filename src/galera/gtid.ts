import { UsageError } from '../errors.ts'

/** A Galera global transaction ID: the history (state UUID) and the position in it. */
export interface Gtid {
  readonly uuid: string
  /** Signed 64 bit; -1 = undefined. */
  readonly seqno: bigint
}

export const NIL_UUID = '00000000-0000-0000-0000-000000000000'
export const UNDEFINED_SEQNO = -1n

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const SEQNO = /^(-1|\d{1,19})$/

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** True for a UUID that names a real history; the nil UUID names none. */
export function isHistory(uuid: string | undefined | null): uuid is string {
  return uuid !== undefined && uuid !== null && uuid !== NIL_UUID && isUuid(uuid)
}

/** @throws UsageError `bad-seqno` */
export function parseSeqno(text: string): bigint {
  if (!SEQNO.test(text)) throw new UsageError('bad-seqno', `not a seqno: ${JSON.stringify(text.slice(0, 40))}`, 'A seqno is -1 or a whole number.')
  return BigInt(text)
}

/** @throws UsageError `bad-gtid` for anything but `UUID:SEQNO`. */
export function parseGtid(text: string): Gtid {
  const colon = text.indexOf(':')
  const uuid = text.slice(0, colon).toLowerCase()
  if (colon < 0 || !isUuid(uuid)) {
    throw new UsageError('bad-gtid', `not a position: ${JSON.stringify(text.slice(0, 80))}`, 'A position is UUID:SEQNO.')
  }
  return { uuid, seqno: parseSeqno(text.slice(colon + 1)) }
}

export function formatGtid(gtid: Gtid): string {
  return `${gtid.uuid}:${gtid.seqno}`
}
