import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRecord, MAX_RECORD_BYTES, parseSpool } from '../../../src/galera/notify-spool.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const argument = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('<2', '>2', '<', '')).filter((text) => !text.includes('\0'))
const records = fc.array(fc.array(argument, { maxLength: 12 }), { maxLength: 8 })
const SYNCED = ['--status', 'synced']

const read = (spool: Uint8Array) => {
  const { entries, consumed } = parseSpool(spool)
  return { records: entries.flatMap((entry) => (entry.kind === 'record' ? [entry.args] : [])), malformed: entries.filter(({ kind }) => kind === 'malformed').length, consumed }
}

test('whatever was spooled is read back, in order, each record with the offset behind it', () => {
  fc.assert(fc.property(records, (written) => {
    const parts = written.map((args) => bytes(formatRecord(args)))
    const spool = Buffer.concat(parts)
    const { entries, consumed } = parseSpool(spool)
    let end = 0
    expect(entries).toEqual(written.map((args, at) => ({ kind: 'record', args, end: (end += parts[at]?.length ?? 0) })))
    expect(consumed).toBe(spool.length)
  }))
})

test('a spool that is read while it grows gives each record once', () => {
  fc.assert(fc.property(fc.array(fc.array(fc.string().filter((text) => !/[\0<]/.test(text)), { maxLength: 12 }), { maxLength: 8 }), fc.nat(), (written, cut) => {
    const spool = bytes(written.map(formatRecord).join(''))
    const first = read(spool.subarray(0, cut % (spool.length + 1)))
    const rest = read(spool.subarray(first.consumed))
    expect([...first.records, ...rest.records]).toEqual(written)
    expect(first.malformed + rest.malformed).toBe(0)
  }))
})

test.each(['<2\0--status\0joi', '<', '<2', '<2\0--status\0joined\0', '<2\0--status\0joined\0>'])('the torn record %j waits for its rest', (torn) => {
  expect(read(bytes(torn))).toEqual({ records: [], consumed: 0, malformed: 0 })
})

test('a record that was cut off costs itself alone, wherever it was cut', () => {
  const whole = formatRecord(['--status', 'joined', '--index', '1', '--members', ''])
  for (let cut = 1; cut < whole.length; cut++) {
    const spool = bytes(whole.slice(0, cut) + formatRecord(SYNCED) + formatRecord(['--index', '0']))
    expect(read(spool), `cut at ${cut}`).toEqual({ records: [SYNCED, ['--index', '0']], malformed: 1, consumed: spool.length })
  }
})

test('garbage is told at once, also where nothing follows it', () => {
  expect(parseSpool(bytes('noise <b>'))).toEqual({ entries: [{ kind: 'malformed', text: 'noise <b>', end: 9 }], consumed: 9 })
  expect(read(bytes(`noise\0more${formatRecord(SYNCED)}`))).toMatchObject({ records: [SYNCED], malformed: 1 })
  expect(read(bytes('noise<2\0--sta'))).toEqual({ records: [], malformed: 1, consumed: 5 })
})

test('of a malformed piece 200 bytes are kept', () => {
  expect(parseSpool(bytes('x'.repeat(5_000))).entries).toEqual([{ kind: 'malformed', text: 'x'.repeat(200), end: 5_000 }])
})

test.each(['<99\0a\0>99\0', '<65\0', '<1x\0'])('%j is no record that never ends', (text) => {
  expect(read(bytes(text))).toMatchObject({ records: [], malformed: 1 })
})

test('what lies in an argument is no record, not even in a record that is still being written', () => {
  const hostile = formatRecord(['--members', '<0>0', `${formatRecord(['x']).replaceAll('\0', '')}<1`])
  expect(read(bytes(hostile)).records).toHaveLength(1)
  for (let cut = 0; cut < hostile.length; cut++) expect(read(bytes(hostile.slice(0, cut))).records).toEqual([])
})

test('a record above the limit is given up, and the next one is read', () => {
  const long = bytes(formatRecord(['--members', 'x'.repeat(MAX_RECORD_BYTES)]) + formatRecord(SYNCED))
  expect(read(long)).toMatchObject({ records: [SYNCED], malformed: 1, consumed: long.length })
  expect(read(long.subarray(0, MAX_RECORD_BYTES + 1))).toMatchObject({ records: [], malformed: 1, consumed: MAX_RECORD_BYTES + 1 })
})

test('zeros, where the spool was trimmed, are no record', () => {
  const spool = Buffer.concat([Buffer.alloc(4_096), bytes(formatRecord(SYNCED))])
  expect(read(spool)).toEqual({ records: [SYNCED], malformed: 0, consumed: spool.length })
})

test('random bytes never throw and never consume more than there is', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
    expect(parseSpool(garbage).consumed).toBeLessThanOrEqual(garbage.length)
  }))
})
