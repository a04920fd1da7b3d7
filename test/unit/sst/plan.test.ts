import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Table } from '../../../src/sst/catalog.ts'
import { identifier, literal, projectionOf } from '../../../src/sst/columns.ts'
import { type KeySpan, planPieces, type Range } from '../../../src/sst/plan.ts'

const table = (name: string, bytes: number): Table => ({ database: 'd', name, kind: 'table', engine: 'InnoDB', bytes })

test('large tables go first, small ones whole', () => {
  const pieces = planPieces([table('small', 10), table('big', 1_000), table('empty', 0)], new Map(), 100)
  expect(pieces.map((piece) => [piece.table.name, piece.range])).toEqual([['big', null], ['small', null], ['empty', null]])
})

test('the ranges of a table hold each key exactly once, also keys beyond what was seen', () => {
  const big = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  fc.assert(fc.property(big, big, fc.integer({ min: 1, max: 5_000 }), big, (one, other, bytes, key) => {
    const [least, greatest] = one < other ? [one, other] : [other, one]
    const span: KeySpan = { column: 'id', least, greatest }
    const one_ = table('t', bytes)
    const pieces = planPieces([one_], new Map([[one_, span]]), 100)
    const holds = (range: Range | null) => range === null || ((range.from === null || key >= range.from) && (range.to === null || key < range.to))
    expect(pieces.filter(({ range }) => holds(range)).length).toBe(1)
    expect(pieces.length).toBeLessThanOrEqual(Math.ceil(bytes / 100))
  }))
})

test('a column is read so that its text loads to the same bytes, and a computed one is not carried', () => {
  const column = (name: string, type: string, generated = false) => ({ name, type, generated, period: null })
  expect(projectionOf([column('a', 'int'), column('f`', 'float'), column('v', 'int', true), column('u', 'uuid')])).toEqual({
    select: '`a`, CAST(`f``` AS DOUBLE), CAST(`u` AS BINARY(16))',
    columns: '`a`, `f```, `u`',
  })
})

test('names and texts are quoted whatever they are', () => {
  expect(identifier('a`; DROP TABLE x; `')).toBe('`a``; DROP TABLE x; ```')
  expect(literal("it's \\ ")).toBe("'it\\'s \\\\ '")
})
