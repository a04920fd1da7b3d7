import { expect, test } from 'vitest'
import { clusterMark, isOwn } from '../../../src/snapshot/own-cluster.ts'
import { manifest } from './samples.ts'

const HISTORY = '11111111-1111-1111-1111-111111111111'
const of = (clusterMark: string | null, cluster = 'galera') => ({ ...manifest([]), clusterMark, cluster })
const own = { name: 'galera', mark: 'aa', histories: [] as readonly string[] }

test('a snapshot is of the cluster that has its name and its secret', () => {
  expect([of('aa'), of('bb'), of('aa', 'other')].map((one) => isOwn(one, own))).toEqual([true, false, false])
})

test('one of an earlier version is of the cluster that has its name and had its history; a new gear goes by the name', () => {
  expect(isOwn(of(null), { ...own, histories: [HISTORY] })).toBe(true)
  expect(isOwn(of(null), { ...own, histories: ['22222222-2222-2222-2222-222222222222'] })).toBe(false)
  expect([of(null), of(null, 'other')].map((one) => isOwn(one, own))).toEqual([true, false])
})

test('the mark is the same for the same secret alone', async () => {
  const [a, again, b] = await Promise.all(['a secret of the cluster', 'a secret of the cluster', 'another of the cluster'].map(clusterMark))
  expect(a).toMatch(/^[0-9a-f]{16}$/)
  expect([again === a, b === a]).toEqual([true, false])
})
