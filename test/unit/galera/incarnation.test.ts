import { describe, expect, test } from 'vitest'
import { lastView } from '../../../src/galera/last-view.ts'
import { findAlarms } from '../../../src/galera/alarms.ts'
import { decide } from '../../../src/galera/rules/decide.ts'
import { newestMembers } from '../../../src/galera/rules/known.ts'
import { isSameNode, type View } from '../../../src/galera/view.ts'
import { down, facts, fork, fresh, gvwstate, HISTORY, live, nodeUuid, position, silent, view } from './nodes.ts'

/** A server that restores its view has the next incarnation of its UUID [ran: f4ba9e22-eb4c-11f1-9a45-1ab27eb2440a, then 9a46]. */
const next = (uuid: string) => uuid.replace('-8000-', '-8001-')
const names = ['n1', 'n2', 'n3']
const all = view(5, names)
/** What the file holds after the view was restored. */
const restoredBy = (name: string) => ({ myUuid: next(nodeUuid(name)), viewId: 'view/7', members: names.map((one) => next(nodeUuid(one))).toSorted() })
const restoredView = (name: string): View => ({ ...view(null, names, name), members: names.map((one) => ({ uuid: next(nodeUuid(one)), name: null, address: null })), ownUuid: next(nodeUuid(name)), weight: null, ownWeight: null })

test('the fourth group is the incarnation, all else is the node', () => {
  expect(isSameNode('f4ba9e22-eb4c-11f1-9a45-1ab27eb2440a', 'f4ba9e22-eb4c-11f1-9a46-1ab27eb2440a')).toBe(true)
  expect(isSameNode('f4ba9e22-eb4c-11f1-9a45-1ab27eb2440a', 'f4ba9e22-eb4c-11f1-9a45-1ab27eb2440b')).toBe(false)
  expect(isSameNode('f4ba9e22-eb4c-11f1-9a45-1ab27eb2440a', 'f4ba9e23-eb4c-11f1-9a45-1ab27eb2440a')).toBe(false)
})

describe('servers that restored their view and died before SQL', () => {
  test('the names of the record are those of the restored view, which is another one', () => {
    const found = lastView({ ...all, ownUuid: nodeUuid('n2') }, restoredBy('n2'), HISTORY, 'n2', ['view/1'])
    expect(found).toMatchObject({ seqno: null, after: 5n, weight: null, members: names.map((name) => ({ name })) })
  })

  test('a member without a name is the node whose record or file has that UUID in another incarnation', () => {
    const known = facts(down('n1', position(5), { view: view(5, names, 'n1') }), down('n2', position(5), { view: restoredView('n2') }), down('n3', position(5), { gvwstate: gvwstate('n3', names) }))
    expect(newestMembers(known, HISTORY)).toMatchObject({ names, nameless: [] })
    expect(decide(known)).toMatchObject({ rule: 'most-advanced', do: 'bootstrap' })
  })

  test('a member without a name is the node whose ledger remembers that UUID, also when its data is gone', () => {
    const named = down('n2', fresh, { history: HISTORY, nodeUuids: [nodeUuid('n2')] })
    const known = (lost: typeof named) => facts(down('n1', position(5), { view: { ...view(5, ['n1', 'n2'], 'n1'), members: [...view(5, ['n1']).members, { uuid: next(nodeUuid('n2')), name: null, address: null }] } }), lost)
    expect(newestMembers(known(named), HISTORY)).toMatchObject({ names: ['n1', 'n2'], nameless: [] })
    expect(decide(known(named))).toMatchObject({ rule: 'most-advanced', do: 'bootstrap' })
    expect(decide(known({ ...named, nodeUuids: [] }))).toMatchObject({ rule: 'members-missing', do: 'wait' })
  })

  test('a UUID that two remember, or that a view calls another, names nobody wrongly', () => {
    const lost = { ...view(5, ['n1'], 'n1'), members: [...view(5, ['n1']).members, { uuid: nodeUuid('n2'), name: null, address: null }] }
    const remembers = (name: string, more: Parameters<typeof down>[2] = {}) => down(name, position(5), { nodeUuids: [nodeUuid('n2')], ...more })
    expect(newestMembers(facts(remembers('n1', { view: lost }), silent('n2'), remembers('n3')), HISTORY).nameless).toEqual([`node ${nodeUuid('n2')}`])
    expect(newestMembers(facts(remembers('n1', { view: lost }), silent('n2'), down('n3', position(4), { view: view(4, ['n2', 'n3'], 'n3') })), HISTORY).names).toEqual(['n1', 'n2'])
  })

  test('who left in order since then has left', () => {
    const departures = [{ name: 'n3', nodeUuid: next(nodeUuid('n3')), uuid: HISTORY, seqno: 4n }]
    expect(decide(facts(down('n1', position(7), { view: all, departures }), down('n2', position(7), { view: view(5, names, 'n2') }), silent('n3')))).toMatchObject({ rule: 'most-advanced', do: 'bootstrap' })
  })

  test('who was left behind by its UUID is so in any incarnation', () => {
    const behind = fork(5, [`node ${nodeUuid('n3')}`])
    expect(decide(facts(down('n3', position(9), { view: restoredView('n3') }), live('n1', 'primary', { forks: [behind] })))).toMatchObject({ rule: 'rejoin-anew' })
    expect(decide(facts(down('n1', position(7), { view: view(7, ['n1']), forks: [behind] }), down('n3', position(99), { view: restoredView('n3') })))).toMatchObject({ rule: 'most-advanced', do: 'bootstrap' })
  })
})

test('a view and its restored one are no two clusters', () => {
  const primary = (name: string, of: View) => live(name, 'primary', { view: of })
  const later = { ...all, members: all.members.map((member) => ({ ...member, uuid: next(member.uuid) })) }
  expect(decide(facts(down('n4', position(5)), primary('n1', all), primary('n2', later)))).toMatchObject({ rule: 'join-primary' })
  expect(findAlarms(primary('n1', all), [primary('n2', later)])).toEqual([])
})
