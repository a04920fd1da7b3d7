import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { findAlarms } from '../../../src/galera/alarms.ts'
import { fullName, groupName, LONGEST_GROUP_NAME, nameIn, shortName } from '../../../src/galera/member-name.ts'
import { leftBehindAt } from '../../../src/galera/left-behind.ts'
import { decide } from '../../../src/galera/rules/decide.ts'
import { parsePeerList } from '../../../src/galera/peer-list.ts'
import { down, facts, fork, live, position, silent, uuid, view } from './nodes.ts'

const LONG = [0, 1, 2].map((at) => `mariadb-galera-production-cluster-${at}`) as [string, string, string]
const CUT = LONG[0].slice(0, LONGEST_GROUP_NAME)
const longView = (names: readonly string[], own: number) => ({ ...view(5, ['n0', 'n1', 'n2']), members: names.map((name, at) => ({ uuid: uuid(100 + at), name, address: null })), ownUuid: uuid(100 + own) })

test('every name fits into what Galera keeps, and two names stay two', () => {
  const names = fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/)
  fc.assert(fc.property(names, names, (a, b) => {
    expect(groupName(a).length).toBeLessThanOrEqual(LONGEST_GROUP_NAME)
    expect(groupName(a) === groupName(b)).toBe(a === b)
  }))
  expect(new Set(LONG.map(groupName)).size).toBe(3)
})

test('a group\'s name leads back to the node\'s; a cut one to nobody, and a stranger\'s is what it says', () => {
  for (const name of LONG) expect(fullName(groupName(name), LONG)).toBe(name)
  expect(fullName(CUT, LONG)).toBeNull()
  expect(fullName('n9', LONG)).toBe('n9')
  expect(fullName(CUT, ['n1'])).toBe(CUT)
})

test.each([['as the group has them', LONG.map(groupName)], ['as Galera cut them', [CUT, CUT, CUT]]])('members of a recorded view, with names %s, are those that answer', (_how, names) => {
  const nodes = LONG.map((name, at) => down(name, position(9 + at), { view: longView(names, at) }))
  const [first, second, third] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]]
  expect(decide(facts(third, first, second))).toMatchObject({ do: 'bootstrap', rule: 'most-advanced' })
  expect(nameIn({ self: third, peers: [first, second] }, { uuid: uuid(100), name: names[0] ?? '', address: null })).toBe(LONG[0])
})

test('a member that is silent is waited for: by its name, or as a node that may be any where the name was cut', () => {
  const waits = (names: readonly string[]) => decide(facts(down(LONG[2], position(9), { view: longView(names, 2) }), silent(LONG[0]), down(LONG[1], position(9), { view: longView(names, 1) })))
  expect(waits(LONG.map(groupName))).toMatchObject({ do: 'wait', rule: 'members-missing', for: [LONG[0]] })
  expect(waits([CUT, CUT, CUT])).toMatchObject({ do: 'wait', rule: 'members-missing', for: [`node ${uuid(100)}`] })
})

test.each([LONG[0], groupName(LONG[0]), CUT])('a fork without %s is this node\'s, also while it runs', (name) => {
  const went = fork(9, [name])
  const other = live(LONG[1], 'primary', { forks: [went], view: longView(LONG.map(groupName), 1) })
  expect(leftBehindAt(down(LONG[0], position(9)), [other])).toEqual(went)
  expect(findAlarms(other, [live(LONG[0], 'primary', { nodeUuid: uuid(100), view: longView(LONG.map(groupName), 0) })])).toMatchObject([{ code: 'left-behind-runs' }])
})

test('a peer list in which two names would be one in the group is refused', () => {
  expect(() => parsePeerList(`${LONG[0]}/h1,${groupName(LONG[0])}/h2`)).toThrow('listed twice')
})

test('a shorter name is proposed', () => {
  expect(shortName(LONG[0])).toBe('mgp-cluster-0')
  expect(shortName('a'.repeat(40))).toHaveLength(LONGEST_GROUP_NAME)
})
