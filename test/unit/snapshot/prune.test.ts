import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Candidate, isoWeek, planPrune } from '../../../src/snapshot/prune.ts'

const one = (day: string, more: Partial<Candidate> = {}): Candidate => ({ id: `s${day}`, own: true, endedAt: `2026-${day}T03:00:00.000Z`, good: true, verified: false, ...more })
const kept = (snapshots: readonly Candidate[], policy: Partial<Parameters<typeof planPrune>[1]>) =>
  planPrune(snapshots, { last: 0, daily: 0, weekly: 0, ...policy }).filter((fate) => fate.kept !== null).map(({ id }) => id)

const week = ['11-16', '11-17', '11-18', '11-19', '11-20', '11-21'].map((day) => one(day))

test('--keep-last keeps the newest ones', () => {
  expect(kept(week, { last: 2 })).toEqual(['s11-20', 's11-21'])
})

test('--keep-daily keeps the newest of each of so many days on which there is one', () => {
  const twice = [...week, one('11-20', { id: 'evening', endedAt: '2026-11-20T20:00:00.000Z' }), one('10-01')]
  expect(kept(twice, { daily: 2 })).toEqual(['s11-21', 'evening'])
  expect(kept(twice, { daily: 7 })).toEqual(['s11-16', 's11-17', 's11-18', 's11-19', 's11-21', 'evening', 's10-01'])
})

test('--keep-weekly keeps the newest of each week, which begins on Monday', () => {
  expect(kept([one('11-15'), one('11-16'), one('11-09'), one('11-08')], { weekly: 2 })).toEqual(['s11-15', 's11-16'])
})

test('weeks belong to the year of their Thursday (ISO 8601)', () => {
  expect(['2024-12-30', '2021-01-03', '2026-01-01', '2020-12-31', '2026-11-21'].map(isoWeek)).toEqual(['2025-W01', '2020-W53', '2026-W01', '2020-W53', '2026-W47'])
})

test('damaged ones count for nothing, and go where a good one is newer', () => {
  expect(kept([one('11-01'), one('11-02', { good: false }), one('11-03')], { last: 1 })).toEqual(['s11-03'])
  expect(kept([one('11-01'), one('11-02'), one('11-03', { good: false })], { last: 1 })).toEqual(['s11-02', 's11-03'])
})

test('the newest that was verified stays, whatever the policy', () => {
  expect(kept([one('11-01', { verified: true }), one('11-02', { verified: true }), one('11-03'), one('11-04')], { last: 1 })).toEqual(['s11-02', 's11-04'])
})

test('what is of another cluster stays, and does not count', () => {
  expect(kept([one('11-01', { own: false, id: 'theirs' }), one('11-02'), one('11-03'), one('11-04', { own: false, id: 'newer', good: false })], { last: 1 })).toEqual(['theirs', 's11-03', 'newer'])
})

test('for any snapshots and policy: what is of another cluster stays, so does the newest good one, and everything where none is good', () => {
  const candidates = fc.array(fc.record({ id: fc.uuid(), own: fc.boolean(), endedAt: fc.integer({ min: 0, max: 60 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString()), good: fc.boolean(), verified: fc.boolean() }), { maxLength: 12 })
  const policies = fc.record({ last: fc.nat(3), daily: fc.nat(3), weekly: fc.nat(3) })
  fc.assert(fc.property(candidates, policies, (snapshots, policy) => {
    const stays = new Set(kept(snapshots, policy))
    expect(snapshots.every(({ id, own }) => own || stays.has(id))).toBe(true)
    const own = snapshots.filter((snapshot) => snapshot.own)
    const good = own.filter((snapshot) => snapshot.good)
    const newest = good.map(({ endedAt }) => endedAt).toSorted().at(-1)
    if (newest === undefined) expect(own.every(({ id }) => stays.has(id))).toBe(true)
    else expect(good.some(({ id, endedAt }) => endedAt === newest && stays.has(id))).toBe(true)
  }))
})
