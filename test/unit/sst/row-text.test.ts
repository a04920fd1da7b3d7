import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Answer, type SqlError } from '../../../src/sst/answer.ts'
import { FULL_PACKET, packetsOf } from '../../../src/sst/packets.ts'
import { RowText } from '../../../src/sst/row-text.ts'
import { RowValues } from '../../../src/sst/row-values.ts'

type Field = Buffer | null

/** What a server sends for one row (text protocol). */
const rowBytes = (fields: readonly Field[]) => Buffer.concat(fields.map((field) => (field === null ? Buffer.from([0xfb]) : Buffer.concat([lengthBytes(field.length), field]))))

function lengthBytes(length: number): Buffer {
  if (length < 251) return Buffer.from([length])
  const bytes = Buffer.alloc(9)
  bytes.writeUIntLE(length, 1, 4)
  bytes[0] = length < 65_536 ? 0xfc : length < 2 ** 24 ? 0xfd : 0xfe
  return bytes.subarray(0, length < 65_536 ? 3 : length < 2 ** 24 ? 4 : 9)
}

const EOF = Buffer.from([0xfe, 0, 0, 2, 0])
const packet = (payload: Buffer) => Buffer.concat(packetsOf(payload, 0))

/** A whole answer: the number of columns, a definition for each, the end of those, rows, the end. */
const answer = (columns: number, rows: readonly (readonly Field[])[]) =>
  Buffer.concat([packet(Buffer.from([columns])), ...Array.from({ length: columns }, () => packet(Buffer.from('def'))), packet(EOF), ...rows.map((row) => packet(rowBytes(row))), packet(EOF)])

function inPieces(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}

/** Reads LOAD DATA's text as the server does. */
function loaded(text: Buffer): readonly (readonly Field[])[] {
  const rows: Field[][] = []
  let row: Field[] = []
  let field: number[] = []
  let isNull = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number
    if (byte === 0x5c) {
      const next = text[++at] as number
      if (next === 0x4e && field.length === 0) isNull = true
      else field.push(next)
    } else if (byte === 0x09 || byte === 0x0a) {
      row.push(isNull ? null : Buffer.from(field))
      field = []
      isNull = false
      if (byte === 0x0a) {
        rows.push(row)
        row = []
      }
    } else field.push(byte)
  }
  return rows
}

function convert(bytes: readonly Buffer[]): { text: Buffer; done: boolean } {
  const parts: Buffer[] = []
  const text = new RowText((part) => parts.push(part))
  let done = false
  const reader = new Answer({ add: (piece, from, to) => text.add(piece, from, to), endRow: () => text.endRow() }, { done: () => (done = true), failed: (error) => expect.fail(error.message), wantsFile: () => expect.fail('no file was asked for') })
  for (const piece of bytes) reader.feed(piece)
  text.flush()
  return { text: Buffer.concat(parts), done }
}

const field = fc.option(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom('\\N', 'NULL', '', '\\', '\t', '\n', '\r\n', '\0', '\\\\N').map((text) => Buffer.from(text)), fc.integer({ min: 249, max: 300 }).map((length) => Buffer.alloc(length, 0x5c))).map((bytes) => Buffer.from(bytes)))

test('rows become text from which the same bytes are loaded, however the network cuts them', () => {
  const table = fc.integer({ min: 1, max: 5 }).chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { maxLength: 8 }))
  fc.assert(fc.property(table, fc.integer({ min: 1, max: 80 }), (rows, size) => {
    const { text, done } = convert(inPieces(answer(rows[0]?.length ?? 1, rows), size))
    expect(done).toBe(true)
    expect(loaded(text)).toEqual(rows)
  }))
})

test('a row of several packets is one, and a first field of 16 MiB is not taken for the end', () => {
  const large = Buffer.alloc(FULL_PACKET + 5, 0x09)
  const rows = [[large, Buffer.from('x')], [Buffer.alloc(FULL_PACKET - 4, 0x41)], [null]]
  const { text } = convert(inPieces(answer(2, rows), 65_536))
  expect(text.length).toBe(2 * large.length + 1 + 1 + 1 + (FULL_PACKET - 4) + 1 + 3)
  expect(text.subarray(2 * large.length, 2 * large.length + 3).toString()).toBe('\tx\n')
})

test('an error in the middle of the rows is told with its number', () => {
  let told: SqlError | undefined
  const whole = answer(1, [[Buffer.from('a')]])
  const reader = new Answer({ add: () => undefined, endRow: () => undefined }, { done: () => expect.fail('it did not end well'), failed: (error) => (told = error), wantsFile: () => undefined })
  reader.feed(whole.subarray(0, whole.length - packet(EOF).length))
  reader.feed(packet(Buffer.concat([Buffer.from([0xff, 0x28, 0x04]), Buffer.from('#HY000disk gone')])))
  expect(told).toMatchObject({ errno: 1064, message: 'disk gone' })
})

test('small rows are read whole', () => {
  const rows = [[Buffer.from('a'), null, Buffer.alloc(70_000, 1)], [Buffer.alloc(300, 2), Buffer.from(''), Buffer.from('b')]]
  const values = new RowValues()
  const reader = new Answer(values, { done: () => undefined, failed: () => undefined, wantsFile: () => undefined })
  for (const piece of inPieces(answer(3, rows), 1_000)) reader.feed(piece)
  expect(values.rows).toEqual(rows)
})

test('an OK packet tells how many rows were taken', () => {
  for (const [bytes, rows] of [[[7], 7], [[0xfc, 0x10, 0x27], 10_000], [[0xfd, 0, 0, 1], 65_536]] as const) {
    let taken = -1
    const reader = new Answer({ add: () => undefined, endRow: () => undefined }, { done: (affected) => (taken = affected), failed: () => undefined, wantsFile: () => undefined })
    reader.feed(packet(Buffer.from([0, ...bytes, 0, 2, 0, 0, 0])))
    expect(taken).toBe(rows)
  }
})
