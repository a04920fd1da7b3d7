import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowCutter, type TextPart } from '../../../../src/snapshot/logical/row-cutter.ts'

const MOST = 50

/** Cuts a text that comes in pieces of `size` bytes. */
function cut(rows: readonly string[], size: number): readonly TextPart[] {
  const text = Buffer.from(rows.map((row) => `${row}\n`).join(''))
  const parts: TextPart[] = []
  const cutter = new RowCutter(MOST, (part) => parts.push(part))
  for (let at = 0; at < text.length; at += size) {
    const piece = text.subarray(at, at + size)
    cutter.add(piece, piece.lastIndexOf(0x0a) + 1)
  }
  cutter.end()
  return parts
}

const textOf = (part: TextPart) => Buffer.concat(part.text).toString()

test('files end where a row ends, and together they are the text, however it comes', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 3 * MOST }).map((length) => 'x'.repeat(length))), fc.integer({ min: 1, max: 2 * MOST }), (rows, size) => {
    const parts = cut(rows, size)
    expect(parts.map(textOf).join('')).toBe(rows.map((row) => `${row}\n`).join(''))
    for (const part of parts) {
      expect(part.bytes).toBe(textOf(part).length)
      expect(part.bytes).toBeGreaterThan(0)
      if (part.last) expect(textOf(part).endsWith('\n')).toBe(true)
    }
    expect(parts.at(-1)?.last ?? true).toBe(true)
  }))
})

test('a file is not much longer than it may be', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: MOST / 2 }).map((length) => 'x'.repeat(length))), fc.integer({ min: 1, max: MOST }), (rows, size) => {
    for (const part of cut(rows, size)) {
      expect(part.bytes).toBeLessThanOrEqual(MOST + size)
      expect(part.last).toBe(true)
    }
  }))
})

test('a row that is longer goes on in parts', () => {
  const parts = cut(['a', 'x'.repeat(3 * MOST), 'b'], 10)
  expect(parts.map(({ last }) => last)).toEqual([true, false, false, true])
  expect(textOf(parts[0] as TextPart)).toBe('a\n')
})
