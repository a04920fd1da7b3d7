import { expect, test } from 'vitest'
import { headOf } from '../../../src/galera/binlog-event.ts'
import { type BinlogGroup, BinlogScan } from '../../../src/galera/binlog-scan.ts'
import { formatServerGtid } from '../../../src/galera/server-gtid.ts'
import { makeBinlog, TIME, WHOLE } from './make-binlog.ts'

function scanned(bytes: Buffer, chunk = bytes.length) {
  const groups: BinlogGroup[] = []
  const scan = new BinlogScan((group) => groups.push(group))
  for (let at = 0; at < bytes.length; at += chunk) scan.add(bytes.subarray(at, at + chunk))
  return { scan, groups }
}

const OF_WHOLE = ['0-1-16392 379-532 null', '0-1-16393 532-738 16396', '0-1-16395 738-953 16398', '9001-1-1 953-1124 null', '9001-1-2 1124-1374 null', '0-1-16396 1374-1517 null']
const told = ({ gtid, start, end, seqno }: BinlogGroup) => `${formatServerGtid(gtid)} ${start}-${end} ${seqno}`

test('a real binary log: every transaction with its GTID, its place and Galera\'s seqno', () => {
  const { scan, groups } = scanned(WHOLE)
  expect(groups.map(told)).toEqual(OF_WHOLE)
  expect(scan.startState?.map(formatServerGtid)).toEqual(['0-1-16391'])
  expect(scan.position.map(formatServerGtid)).toEqual(['0-1-16396', '9001-1-2'])
  expect({ first: scan.first?.seqno, last: scan.last?.seqno, whole: scan.whole, events: scan.events }).toEqual({ first: 16392n, last: 16396n, whole: WHOLE.length, events: WHOLE.length })
})

test('a statement that failed on all nodes leaves a break; a session\'s own transactions leave none', () => {
  expect(scanned(WHOLE).scan.runs).toEqual([{ first: 16392n, last: 16393n }, { first: 16395n, last: 16396n }])
})

test.each([1, 3, 19, 20, 100, 379])('in pieces of %i bytes it is the same', (chunk) => {
  const { scan, groups } = scanned(WHOLE, chunk)
  expect(groups.map(told)).toEqual(OF_WHOLE)
  expect(scan.whole).toBe(WHOLE.length)
})

test('cut off at any byte, what counts ends with a whole transaction', () => {
  const ends = [...Array.from({ length: 380 }, (_, at) => at), 532, 738, 953, 1124, 1374, 1517, 1561]
  for (let length = 0; length <= WHOLE.length; length++) {
    const { scan, groups } = scanned(WHOLE.subarray(0, length))
    expect(ends).toContain(scan.whole)
    expect(scan.whole).toBeLessThanOrEqual(length)
    expect(groups.every(({ end }) => end <= length)).toBe(true)
    if (length >= 379) expect(scan.whole).toBe(ends.findLast((end) => end <= length))
  }
})

test('of DDL and of tables without transactions, the first event ends no group too early', () => {
  // The second of the session's own is a row of a table without transactions: its end is a COMMIT.
  expect(scanned(WHOLE.subarray(0, 1373)).groups).toHaveLength(4)
  expect(scanned(WHOLE.subarray(0, 1374)).groups).toHaveLength(5)
})

test('earliest and latest time are of the cluster\'s transactions, in any order', () => {
  const { scan } = scanned(makeBinlog('', ['0-1-1@5', '0-1-2@3', '0-1-3@9', '7-1-1@99', '0-1-4@4']))
  expect([scan.firstTime, scan.lastTime]).toEqual([TIME + 3, TIME + 9])
})

test('before the first transaction of a domain its position is that of the beginning', () => {
  expect(scanned(makeBinlog('0-1-7,9001-1-3', ['0-2-8'])).scan.position.map(formatServerGtid)).toEqual(['0-2-8', '9001-1-3'])
})

test.each([
  ['another file', Buffer.from('<html>not a binary log, but long enough</html>')],
  ['zeros after a crash', Buffer.concat([WHOLE.subarray(0, 379), Buffer.alloc(64)])],
  ['one that is encrypted', Buffer.concat([WHOLE.subarray(0, 256), encryptionEvent()])],
])('%s is no binary log', (_, bytes) => {
  expect(() => scanned(bytes)).toThrow(expect.objectContaining({ code: 'bad-binlog' }))
})

function encryptionEvent(): Buffer {
  const event = Buffer.alloc(40)
  event.writeUInt8(164, 4)
  event.writeUInt32LE(40, 9)
  return event
}

test('the head is complete with the list of GTIDs, and no byte earlier', () => {
  expect(headOf(WHOLE.subarray(0, 298))).toBeNull()
  expect(headOf(WHOLE.subarray(0, 299))).toHaveLength(299)
  expect(headOf(WHOLE)).toHaveLength(299)
})
