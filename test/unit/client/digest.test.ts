import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf } from '../../../src/client/session/digest.ts'
import { History, keptValues } from '../../../src/client/session/history.ts'

const value = fc.oneof(fc.string(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(null), fc.date({ noInvalidDate: true }), fc.uint8Array().map((bytes) => Buffer.from(bytes)))

test('equal answers have equal digests, others have not', () => {
  fc.assert(fc.property(fc.array(fc.record({ a: value, b: value }), { maxLength: 5 }), (rows) => {
    expect(digestOf(rows)).toBe(digestOf(rows.map((row) => ({ ...row }))))
    expect(digestOf([...rows, { a: 1, b: 2 }])).not.toBe(digestOf(rows))
  }))
  fc.assert(fc.property(value, value, (a, b) => {
    fc.pre(!Object.is(a, b) && !(Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b)) && !(a instanceof Date && b instanceof Date && a.getTime() === b.getTime()))
    // What a column holds is of one type; dates are told as texts beside other scalars.
    fc.pre(typeof a === typeof b && a instanceof Date === b instanceof Date)
    expect(digestOf([{ a }])).not.toBe(digestOf([{ a: b }]))
  }))
})

const HEADER = { fieldCount: 0, affectedRows: 1, insertId: 0, info: '', serverStatus: 2, warningStatus: 0, changedRows: 0 }

test('a statement that was slow, used no index or told of its session once only answers the same', () => {
  /** As mysql2 calls it. */
  class ResultSetHeader {
    readonly fieldCount = HEADER.fieldCount
  }
  const SLOW = { serverStatus: 2 | 32 | 2048, stateChanges: { schema: 'a' } }
  const [quick, slow, more] = [{}, SLOW, { affectedRows: 2 }].map((one) => Object.assign(new ResultSetHeader(), HEADER, one)) as [object, object, object]
  const rows = [{ a: 1 }]
  expect(digestOf({ ...HEADER, ...SLOW })).toBe(digestOf(HEADER))
  for (const around of [(one: object) => one, (one: object) => [rows, one], (one: object) => [[], one], (one: object) => [one, rows], (one: object) => [one, one]]) {
    expect(digestOf(around(slow))).toBe(digestOf(around(quick)))
    expect(digestOf(around(more))).not.toBe(digestOf(around(quick)))
  }
})

test('rows with columns as those of a header are compared whole', () => {
  for (const name of ['serverStatus', 'stateChanges']) {
    for (const around of [(one: object) => [one], (one: object) => [one, one], (one: object) => [[one]]]) expect(digestOf(around({ ...HEADER, [name]: 3 }))).not.toBe(digestOf(around({ ...HEADER, [name]: 4 })))
  }
})

test('what a class of its own hides can not be compared', () => {
  class Money {
    readonly #cents = 5
    toString() {
      return String(this.#cents)
    }
  }
  expect(() => digestOf([{ a: new Money() }])).toThrow('Money')
  expect(() => keptValues([new Money()])).toThrow('Money')
  expect(() => keptValues([{ toJSON: () => 5 }])).toThrow()
})

test('a history beyond its limits keeps nothing', () => {
  const entry = (sql: string) => ({ shown: sql, work: { protocol: 'query' as const, options: { sql } }, told: '', insertId: null, timestamp: null })
  const short = new History({ historyLimit: 2, historyBytes: 100 })
  for (const sql of ['a', 'b', 'c']) short.add(entry(sql))
  expect([short.entries.length, short.spoilt]).toEqual([0, expect.stringContaining('historyLimit')])
  const small = new History({ historyLimit: 10, historyBytes: 5 })
  small.add(entry('SELECT 1'))
  expect(small.spoilt).toContain('historyBytes')
})
