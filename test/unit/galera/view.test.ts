import { expect, test } from 'vitest'
import { lastView } from '../../../src/galera/last-view.ts'
import { newestViews, sameMembers } from '../../../src/galera/view.ts'
import { HISTORY, nodeUuid, view } from './nodes.ts'

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

test.each([
  ['gvwstate.dat tells of the recorded view', ['a/1'], 'a/1', ['n1', 'n2'], 5n],
  ['it tells of a view that no agent saw', ['a/1'], 'a/2', ['n1'], null],
  ['it tells of another view of the same members, that no agent saw', ['a/1'], 'a/2', ['n1', 'n2'], null],
  ['no id was ever recorded', [], 'a/2', ['n1', 'n2'], 5n],
  ['it is a copy of a view that was over before the recorded one', ['a/1', 'a/2'], 'a/1', ['n1', 'n3'], 5n],
  ['it has the id that was recorded last, with other members', ['a/1', 'a/2'], 'a/2', ['n1'], null],
])('the last view where %s', (_what, viewIds, viewId, members, seqno) => {
  const gvwstate = { myUuid: nodeUuid('n1'), viewId, members: members.map(nodeUuid).toSorted() }
  expect(lastView(view(5, ['n1', 'n2']), gvwstate, HISTORY, 'n1', viewIds)).toMatchObject(seqno === null ? { seqno, after: 5n, weight: null } : { seqno, after: null, weight: 2 })
})
