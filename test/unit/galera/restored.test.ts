import { expect, test } from 'vitest'
import { goAlong } from '../../../src/galera/go-along.ts'
import { newLedger, recordDeparture, recordPromise, recordView } from '../../../src/galera/ledger.ts'
import { isOvertaken, recordRestored, unbornHistory } from '../../../src/galera/restored.ts'
import { isReplacedInto, replacedBy } from '../../../src/galera/replaced.ts'
import { down, fork, HISTORY, live, nodeUuid, OTHER_HISTORY, position, replaced, view } from './nodes.ts'

const restored = { into: OTHER_HISTORY, replaces: [HISTORY], nodeUuid: nodeUuid('n1'), at: '2026-01-09', reason: 'snapshot s1', until: '2026-01-10' }
const member = recordPromise({ ...recordView(newLedger('n1'), view(5, ['n1', 'n2'])), forks: [{ ...fork(3, ['n4']), without: ['n4'] }] }, { epoch: 7, kind: 'bootstrap', chosen: 'n2' })

test('after a restore the node is the only member of a new history, at seqno 0, as after a clean stop', () => {
  const ledger = recordRestored(member, restored)
  expect(ledger).toMatchObject({ history: OTHER_HISTORY, view: { uuid: OTHER_HISTORY, seqno: 0n, members: [{ name: 'n1' }] }, departure: { position: { uuid: OTHER_HISTORY, seqno: 0n } }, departures: [], intended: [] })
})

test('a restore keeps the promise, settled, and older forks: no epoch is given twice', () => {
  const ledger = recordRestored(member, restored)
  expect(ledger.promise).toEqual({ epoch: 7, kind: 'bootstrap', chosen: 'n2', others: [], settled: true })
  expect(ledger.forks.map(({ why, into }) => [why, into])).toEqual([['forced', null], ['restored', OTHER_HISTORY]])
})

test('a restore replaces each history once, and never the new one', () => {
  const { forks } = recordRestored(newLedger('n1'), { ...restored, replaces: [HISTORY, HISTORY, OTHER_HISTORY] })
  expect(forks.map(({ uuid }) => uuid)).toEqual([HISTORY])
})

test('a node that joins what was restored forgets views and departures of its former history', () => {
  const own = recordDeparture(recordView(newLedger('n2'), view(5, ['n1', 'n2'], 'n2')), { at: '2026-01-08', position: { uuid: HISTORY, seqno: 9n } })
  const join = { do: 'join', rule: 'rejoin-anew', reason: '', evidence: [], via: ['n1'], uuid: OTHER_HISTORY, aside: replaced } as const
  const ledger = goAlong(own, [live('n1', 'primary', { uuid: OTHER_HISTORY, forks: [replaced] })], join, 9n, 0, '2026-01-10')
  expect(ledger).toMatchObject({ history: OTHER_HISTORY, view: null, departure: null, viewIds: [] })
})

test('a node that joins another history for any other reason keeps its own in mind', () => {
  const own = recordView(newLedger('n2'), view(5, ['n1', 'n2'], 'n2'))
  const join = { do: 'join', rule: 'join-primary', reason: '', evidence: [], via: ['n1'], uuid: OTHER_HISTORY, aside: null } as const
  expect(goAlong(own, [live('n1', 'primary', { uuid: OTHER_HISTORY })], join, 9n, 0, '2026-01-10').history).toBe(HISTORY)
})

test('only the history of the data counts, or of the ledger where there is none', () => {
  const teller = down('n1', position(0, { uuid: OTHER_HISTORY }), { forks: [replaced] })
  expect(replacedBy(down('n2', position(9)), [teller])).toEqual(replaced)
  expect(replacedBy(down('n2', { kind: 'fresh' }, { history: HISTORY }), [teller])).toEqual(replaced)
  expect(replacedBy(down('n2', position(9, { uuid: OTHER_HISTORY }), { history: HISTORY }), [teller])).toBeNull()
  expect(replacedBy(down('n2', { kind: 'fresh' }), [teller])).toBeNull()
})

const THIRD = '33333333-3333-3333-3333-333333333333'
const again = { ...replaced, uuid: OTHER_HISTORY, into: THIRD }

test('restores lead on: from the first history to the last, and nowhere else', () => {
  const node = down('n2', position(9))
  expect(isReplacedInto(node, [down('n1', position(0), { forks: [again, replaced] })], THIRD)).toBe(true)
  expect(isReplacedInto(node, [down('n1', position(0), { forks: [replaced] })], THIRD)).toBe(false)
  expect(isReplacedInto(node, [], HISTORY)).toBe(false)
})

test('until it was Primary in it, the history of a restored gear is not in its data', () => {
  const ledger = recordRestored(member, restored)
  expect(unbornHistory(ledger)).toBe(OTHER_HISTORY)
  expect(unbornHistory(recordView(ledger, view(1, ['n1'], 'n1', OTHER_HISTORY)))).toBeNull()
  expect(unbornHistory(member)).toBeNull()
})

test('the newest restore of a history is the one that is remembered, with an epoch above all others', () => {
  const old = { ...member, promise: null, forks: Array.from({ length: 20 }, (_, at) => ({ ...fork(3, []), without: ['n4'], epoch: 5, at: `2026-01-${at + 10}` })) }
  const { forks } = recordRestored(old, restored)
  expect(forks).toHaveLength(20)
  expect(forks.at(-1)).toMatchObject({ into: OTHER_HISTORY, epoch: 6 })
  expect(recordRestored({ ...member, forks: [{ ...replaced, without: [] }] }, { ...restored, into: THIRD }).forks.map(({ into }) => into)).toEqual([THIRD])
})

test('a restore that was not started in time is overtaken; once Primary, or without a limit, never', () => {
  const ledger = recordRestored(member, restored)
  expect([isOvertaken(ledger, '2026-01-09'), isOvertaken(ledger, '2026-01-11')]).toEqual([false, true])
  expect(isOvertaken(recordView(ledger, view(1, ['n1'], 'n1', OTHER_HISTORY)), '2026-01-11')).toBe(false)
  expect(isOvertaken(recordRestored(member, { ...restored, until: null }), '2026-01-11')).toBe(false)
})
