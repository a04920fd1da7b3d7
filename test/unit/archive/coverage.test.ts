import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ArchivedBinlog } from '../../../src/galera/archived-binlog.ts'
import { findGaps, spansOf } from '../../../src/galera/coverage.ts'
import { prunable } from '../../../src/galera/prunable.ts'
import { formatServerGtid } from '../../../src/galera/server-gtid.ts'
import { archived, shuffles, TIME } from './make-binlog.ts'

/** Statements `first` to `last`; one second for each. */
const range = (first: number, last: number, except: readonly number[] = []) => Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((seqno) => !except.includes(seqno)).map((seqno) => `0-1-${seqno}@${seqno}`)
const file = (node: string, first: number, last: number, except: readonly number[] = []) => archived(node, first === 1 ? '' : `0-1-${first - 1}`, range(first, last, except))
const gapsOf = (files: readonly ArchivedBinlog[]) => findGaps(files).map(({ first, last }) => `${first.seqno}-${last.seqno}`)

test('files of different nodes complement one another, in whatever order they are found', () => {
  for (const files of shuffles([file('n1', 1, 10), file('n2', 8, 20), file('n1', 21, 25), file('n3', 18, 22)])) expect(gapsOf(files)).toEqual([])
})

test('what nobody has is a gap, with what is before and behind it', () => {
  for (const files of shuffles([file('n1', 1, 10), file('n2', 3, 12), file('n1', 20, 25)])) {
    expect(findGaps(files).map(({ first, last, from, to }) => [formatServerGtid(first), formatServerGtid(last), from?.getTime(), to?.getTime()])).toEqual([['0-1-13', '0-1-19', (TIME + 12) * 1000, (TIME + 20) * 1000]])
  }
})

test('seqnos that every file passes over are of failed statements, at its beginning too', () => {
  expect(gapsOf([file('n1', 1, 10, [4, 5]), file('n2', 1, 10, [4, 5])])).toEqual([])
  expect(gapsOf([file('n1', 1, 10), archived('n1', '0-1-10', range(13, 20))])).toEqual([])
})

test('what a session left out of one node\'s log is taken from another\'s, and is a gap where there is no other', () => {
  const [whole, without] = [file('n2', 3, 6), file('n1', 1, 10, [4, 5])]
  expect(spansOf([without]).map(({ after, to }) => `${after}-${to}`)).toEqual(['0-10'])
  for (const files of shuffles([whole, without])) expect(spansOf(files).map(({ file: { node }, after, to }) => `${node} ${after}-${to}`)).toEqual(['n1 0-3', 'n2 2-6', 'n1 5-10'])
  expect(gapsOf([without, archived('n2', '0-1-4', range(5, 5))])).toEqual(['4-4'])
})

test('a log that was reset does not tell what was before it', () => {
  expect(gapsOf([file('n1', 1, 10), archived('n1', '', range(15, 20))])).toEqual(['11-14'])
})

test('what the cluster went on without is no part of its history', () => {
  const left = { ...file('n3', 1, 30), countsTo: 12n }
  for (const files of shuffles([left, file('n1', 20, 40)])) expect(gapsOf(files)).toEqual(['13-19'])
})

test('any files: gaps are just the seqnos between the first and the last that no file has', () => {
  const piece = fc.tuple(fc.constantFrom('n1', 'n2', 'n3'), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 8 }))
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
    const has = new Set(pieces.flatMap(([, first, more]) => Array.from({ length: more + 1 }, (_, at) => first + at)))
    const missing = findGaps(pieces.map(([node, first, more]) => file(node, first, first + more))).flatMap(({ first, last }) => Array.from({ length: Number(last.seqno - first.seqno) + 1 }, (_, at) => Number(first.seqno) + at))
    const [least, most] = [Math.min(...has), Math.max(...has)]
    expect(missing).toEqual(Array.from({ length: most - least + 1 }, (_, at) => least + at).filter((seqno) => !has.has(seqno)))
  }))
})

test('only the old end is pruned: whole files, and never one that leaves a gap', () => {
  const files = [file('n1', 1, 10), file('n1', 11, 20), file('n2', 1, 15), file('n2', 16, 30), { ...file('n3', 5, 9), finished: false }]
  const pruned = (seconds: number, some: readonly ArchivedBinlog[]) => prunable(some, new Date((TIME + seconds) * 1000)).map(({ name }) => name)
  expect(pruned(1000, files.slice(0, 4))).toEqual(files.slice(0, 4).map(({ name }) => name))
  expect(pruned(21, files.slice(0, 4))).toEqual(['n1-0', 'n2-0'])
  // The second of n1 is old, but its end is in what n2 keeps.
  expect(pruned(10, files.slice(0, 4))).toEqual([])
  expect(pruned(21, files)).toEqual([])
  for (const some of shuffles(files.slice(0, 4))) for (let at = 0; at < 40; at++) expect(gapsOf(some.filter(({ name }) => !pruned(at, some).includes(name)))).toEqual([])
})
