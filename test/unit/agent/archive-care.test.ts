import { expect, test } from 'vitest'
import { leftBehindIn } from '../../../src/agent/archive-care.ts'
import type { Rescued } from '../../../src/gear/rescued.ts'
import { fork, HISTORY, replaced } from '../galera/nodes.ts'

const rescued = (more: Partial<Rescued>): Rescued => ({ name: 'n1', at: '2026-01-09', position: { uuid: HISTORY, seqno: 9n }, fork: { ...fork(5, []), without: ['n1'] }, reason: '', folder: '/g/rescued/a', beyond: { first: 6n, last: 9n }, unknown: false, ...more })

test('what a history went on without does not count in its archive', () => {
  expect(leftBehindIn([rescued({})])).toHaveLength(1)
})

test('a datadir that holds nothing beyond the fork takes nothing from the archive', () => {
  expect(leftBehindIn([rescued({ beyond: null })])).toEqual([])
})

test('a history that a restored snapshot replaced keeps its whole archive: it leads to any moment in it', () => {
  expect(leftBehindIn([rescued({ fork: { ...replaced, without: [] }, beyond: { first: 0n, last: 9n } })])).toEqual([])
})
