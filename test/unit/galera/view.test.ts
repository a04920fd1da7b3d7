import { expect, test } from 'vitest'
import { newestViews, sameMembers } from '../../../src/galera/view.ts'
import { view } from './nodes.ts'

test('the view with the highest seqno is the newest; one without a seqno may be', () => {
  const [old, newer, unordered] = [view(3, ['n1']), view(5, ['n2']), view(null, ['n3'])]
  expect(newestViews([old, newer])).toEqual([newer])
  expect(newestViews([unordered, newer, old])).toEqual([unordered, newer])
  expect(newestViews([])).toEqual([])
})

test('the order of members is of no account', () => {
  expect(sameMembers(view(1, ['n1', 'n2']), view(9, ['n2', 'n1']))).toBe(true)
  expect(sameMembers(view(1, ['n1', 'n2']), view(1, ['n1']))).toBe(false)
})
