import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSpool } from '../../../src/galera/notify-spool.ts'

const record = (args: readonly string[]) => [String(args.length), ...args].map((field) => `${field}\0`).join('')
const bytes = (text: string) => new TextEncoder().encode(text)
const argument = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
const records = fc.array(fc.array(argument, { maxLength: 12 }), { maxLength: 8 })

test('whatever was spooled is read back, in order', () => {
  fc.assert(fc.property(records, (written) => {
    const spool = bytes(written.map(record).join(''))
    expect(parseSpool(spool)).toEqual({ records: written, consumed: spool.length, malformed: 0 })
  }))
})

test('a spool that is read while it grows gives each record once', () => {
  fc.assert(fc.property(records, fc.nat(), (written, cut) => {
    const spool = bytes(written.map(record).join(''))
    const first = parseSpool(spool.subarray(0, cut % (spool.length + 1)))
    const rest = parseSpool(spool.subarray(first.consumed))
    expect([...first.records, ...rest.records]).toEqual(written)
    expect(first.malformed + rest.malformed).toBe(0)
  }))
})

test('a torn record waits for its rest', () => {
  expect(parseSpool(bytes('2\0--status\0joi'))).toEqual({ records: [], consumed: 0, malformed: 0 })
})

test('garbage before a record is counted and skipped', () => {
  const spool = bytes(`noise\0more noise\0${record(['--status', 'synced'])}`)
  expect(parseSpool(spool)).toEqual({ records: [['--status', 'synced']], consumed: spool.length, malformed: 2 })
})

test('a count above the limit is garbage, not a record that never ends', () => {
  expect(parseSpool(bytes('99\0a\0')).malformed).toBeGreaterThan(0)
})

test('a megabyte without an end is given up', () => {
  const spool = new Uint8Array(1_048_577).fill(65)
  expect(parseSpool(spool)).toEqual({ records: [], consumed: spool.length, malformed: 1 })
})

test('random bytes never throw and never consume more than there is', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
    expect(parseSpool(garbage).consumed).toBeLessThanOrEqual(garbage.length)
  }))
})
