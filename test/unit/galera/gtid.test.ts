import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatGtid, isHistory, NIL_UUID, parseGtid, parseSeqno } from '../../../src/galera/gtid.ts'
import { HISTORY } from './nodes.ts'

test('any UUID and 64 bit seqno survive being written and read', () => {
  fc.assert(fc.property(fc.uuid(), fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }), (uuid, seqno) => {
    expect(parseGtid(formatGtid({ uuid, seqno }))).toEqual({ uuid, seqno })
  }))
})

test('seqnos beyond 2^53 keep their last digit', () => {
  expect(parseSeqno('9223372036854775807')).toBe(9_223_372_036_854_775_807n)
})

test('an upper case UUID is the same history', () => {
  expect(parseGtid('ABCDEF00-0000-4000-8000-000000000000:3').uuid).toBe('abcdef00-0000-4000-8000-000000000000')
})

test.each(['', ':', ':5', `${HISTORY}`, `${HISTORY}:`, `${HISTORY}:-2`, `${HISTORY}:1e3`, `${HISTORY}:0x1`, `${HISTORY}: 1`, `${HISTORY}:1\n`, 'nonsense:1', `${HISTORY}:12345678901234567890`])('%j is no position', (text) => {
  expect(() => parseGtid(text)).toThrow(/not a (position|seqno)/)
})

test('the nil UUID names no history', () => {
  expect([HISTORY, NIL_UUID, undefined, null, 'x'].map(isHistory)).toEqual([true, false, false, false, false])
})
