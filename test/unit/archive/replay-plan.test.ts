import { expect, test } from 'vitest'
import type { ArchivedBinlog } from '../../../src/galera/archived-binlog.ts'
import { planReplay, type ReplayTarget } from '../../../src/galera/replay-plan.ts'
import { parseServerGtid } from '../../../src/galera/server-gtid.ts'
import { archived, shuffles, TIME } from './make-binlog.ts'

const HISTORY = '03781fa6-e5e7-11f1-9041-a304ad3125bd'
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => `0-1-${first + at}@${first + at}`)
const file = (node: string, first: number, last: number) => archived(node, first === 1 ? '' : `0-1-${first - 1},9001-1-4`, range(first, last))
const time = (seconds: number): ReplayTarget => ({ kind: 'time', at: new Date((TIME + seconds) * 1000) })
const gtid = (text: string): ReplayTarget => ({ kind: 'gtid', gtid: parseServerGtid(text) })
const steps = (files: readonly ArchivedBinlog[], from: string, target: ReplayTarget) => planReplay({ history: HISTORY, files }, from, target).steps.map(({ file: { node }, after, to }) => `${node} ${after}-${to}`)

const FILES = [file('n1', 1, 10), file('n1', 11, 20), file('n1', 21, 30), file('n2', 5, 24), file('n2', 25, 40)]

test('from the snapshot on, one node\'s files are kept to, and another takes over where they end', () => {
  for (const files of shuffles(FILES)) {
    expect(steps(files, '0-1-7', { kind: 'latest' })).toEqual(['n2 7-24', 'n2 24-40'])
    expect(steps(files, '0-1-2,9001-1-5', { kind: 'latest' })).toEqual(['n1 2-10', 'n1 10-20', 'n1 20-30', 'n2 30-40'])
  }
})

test('a GTID is replayed and nothing behind it', () => {
  for (const files of shuffles(FILES)) {
    expect(steps(files, '0-1-2', gtid('0-1-13'))).toEqual(['n1 2-10', 'n1 10-13'])
    expect(steps(files, '0-1-2', gtid('0-1-10'))).toEqual(['n1 2-10'])
    expect(steps(files, '0-1-13', gtid('0-1-13'))).toEqual([])
  }
})

test('the server in a GTID names nobody', () => {
  expect(steps(FILES, '0-9-2', gtid('0-7-5'))).toEqual(['n1 2-5'])
})

test('for a moment, files are taken up to the one that has it', () => {
  for (const files of shuffles(FILES)) {
    expect(steps(files, '0-1-2', time(15))).toEqual(['n1 2-10', 'n1 10-20'])
    expect(steps(files, '0-1-2', time(20))).toEqual(['n1 2-10', 'n1 10-20'])
    expect(steps(files, '0-1-2', time(21))).toEqual(['n1 2-10', 'n1 10-20', 'n1 20-30'])
  }
})

test('before the snapshot there is nothing to be had', () => {
  expect(() => steps(FILES, '0-1-12', gtid('0-1-11'))).toThrow(expect.objectContaining({ code: 'before-snapshot', exitCode: 3 }))
  expect(() => steps(FILES, '0-1-12', time(4))).toThrow(expect.objectContaining({ code: 'before-snapshot' }))
})

test('beyond the archive neither, but the last point is named', () => {
  for (const target of [gtid('0-1-41'), time(41)]) {
    expect(() => steps(FILES, '0-1-12', target)).toThrow(expect.objectContaining({ code: 'beyond-archive', reachable: { gtid: parseServerGtid('0-1-40'), time: new Date((TIME + 40) * 1000) } }))
  }
  expect(() => steps(FILES, '0-1-12', gtid('9001-1-2'))).toThrow(expect.objectContaining({ code: 'beyond-archive' }))
})

const TORN = [file('n1', 1, 10), file('n2', 5, 12), file('n1', 20, 30)]

test('a gap on the way is told with its ends and the last point before it', () => {
  for (const files of shuffles(TORN)) {
    for (const target of [gtid('0-1-25'), time(25), { kind: 'latest' } as const]) {
      expect(() => steps(files, '0-1-2', target)).toThrow(expect.objectContaining({
        code: 'archive-gap',
        gap: { first: parseServerGtid('0-1-13'), last: parseServerGtid('0-1-19'), from: new Date((TIME + 12) * 1000), to: new Date((TIME + 20) * 1000) },
        reachable: { gtid: parseServerGtid('0-1-12'), time: new Date((TIME + 12) * 1000) },
      }))
    }
  }
})

test('a gap behind the target, or before the snapshot, is no hindrance', () => {
  for (const files of shuffles(TORN)) {
    expect(steps(files, '0-1-2', gtid('0-1-12'))).toEqual(['n1 2-10', 'n2 10-12'])
    expect(steps(files, '0-1-2', time(11))).toEqual(['n1 2-10', 'n2 10-12'])
    expect(steps(files, '0-1-20', { kind: 'latest' })).toEqual(['n1 20-30'])
  }
})

test('a snapshot that is not in the archive meets a gap at once', () => {
  expect(() => steps(TORN, '0-1-15', { kind: 'latest' })).toThrow(expect.objectContaining({ code: 'archive-gap', reachable: { gtid: expect.objectContaining({ seqno: 15n }), time: null } }))
  expect(() => steps([file('n1', 20, 30)], '0-1-15', { kind: 'latest' })).toThrow(expect.objectContaining({ code: 'archive-gap', gap: expect.objectContaining({ first: expect.objectContaining({ seqno: 16n }), last: expect.objectContaining({ seqno: 19n }) }) }))
})

test('where only reading the first file shows whether the moment comes before a gap, the plan says so', () => {
  const plan = planReplay({ history: HISTORY, files: TORN.slice(1) }, '0-1-8', time(11))
  expect(plan.steps.map(({ after, to }) => `${after}-${to}`)).toEqual(['8-12'])
  expect(plan.gap?.first.seqno).toBe(13n)
})

test('a snapshot at the end of the archive needs nothing more', () => {
  expect(steps(FILES, '0-1-40', { kind: 'latest' })).toEqual([])
  expect(steps([], '', { kind: 'latest' })).toEqual([])
})
