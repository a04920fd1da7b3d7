import { describe, expect, test } from 'vitest'
import { forcedBy } from '../../../../src/galera/force.ts'
import { ledgerSchema, newLedger, recordDeparture, recordFormerView, recordLaunch, recordLeaving, recordView } from '../../../../src/galera/ledger.ts'
import { goAlong } from '../../../../src/galera/go-along.ts'
import { lastView } from '../../../../src/galera/last-view.ts'
import type { Down, Live, Observation, Silent } from '../../../../src/galera/observation.ts'
import { decide, decideNonPrimary } from '../../../../src/galera/rules/decide.ts'
import type { View } from '../../../../src/galera/view.ts'
import { down, gvwstate, HISTORY, live, nodeUuid, position, silent, view } from '../nodes.ts'

/** Who may go on without the absent: Galera's own quorum is 2 * present + left in order > all. */

const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5']
const majority = { majority: true, lose: [], reason: '' }
const node = (name: string, names: readonly string[], left: boolean | undefined, more: Partial<View> = {}): Down => down(name, position(5), { view: { ...view(5, names, name), left, ...more } })
/** One letter for each node of the view: c cut off in it, l left in order, u nobody knows, s silent. */
const seen = (how: string): [Down, ...Observation[]] => {
  const names = FIVE.slice(0, how.length)
  const of = { c: false, l: true, u: undefined } as Readonly<Record<string, boolean | undefined>>
  return [...how].map((one, at) => (one === 's' ? silent(names[at] ?? '') : node(names[at] ?? '', names, of[one]))) as [Down, ...Observation[]]
}
const goesOn = ([self, ...peers]: [Down, ...Observation[]]) => decide({ self, peers, orders: majority }).rule === 'majority-goes-on'

test('who left last of the newest known view, and has no safe_to_bootstrap, was not the last: somebody came after its agent had looked', () => {
  const left = { ...view(5, ['n1', 'n2'], 'n1'), left: true, leftPrimary: true }
  const departures = [{ name: 'n2', nodeUuid: nodeUuid('n2'), uuid: HISTORY, seqno: 6n }]
  const stopped = (safeToBootstrap: boolean) => down('n1', { ...position(8), source: 'clean-stop', safeToBootstrap } as Down['data'], { view: left, departures })
  expect(decide({ self: stopped(true), peers: [silent('n2'), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
  expect(decide({ self: stopped(false), peers: [silent('n2'), silent('n3')] })).toMatchObject({ do: 'wait', rule: 'members-missing', for: ['n3'], reason: expect.stringContaining('another node may still have been running') })
  expect(decide({ self: stopped(false), peers: [silent('n2'), down('n3', position(3))] })).toMatchObject({ do: 'bootstrap' })
})

test('the same where all of the view answer, and nobody was told who had left it; of two that left in the same moment none is known to be the last', () => {
  const stopped = (name: string, seqno: number, safeToBootstrap = false) => down(name, { ...position(seqno), source: 'clean-stop', safeToBootstrap } as Down['data'], { view: { ...view(5, ['n1', 'n2'], name), left: true, leftPrimary: true } })
  expect(decide({ self: stopped('n1', 8), peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'wait', rule: 'members-missing', for: ['n3'] })
  expect(decide({ self: stopped('n1', 8), peers: [stopped('n2', 8), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
  expect(decide({ self: stopped('n1', 8, true), peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
  // Outside a primary component nobody gets the flag.
  const cutOff = down('n1', { ...position(8), source: 'clean-stop' } as Down['data'], { view: { ...view(5, ['n1', 'n2'], 'n1'), left: true, leftPrimary: false } })
  expect(decide({ self: cutOff, peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
  // Its agent was killed before it could record the stop; grastate.dat shows it.
  const unrecorded = (closed: boolean) => down('n1', { ...position(8), source: 'recovered', closed } as Down['data'], { view: { ...view(5, ['n1', 'n2'], 'n1'), left: true, leftPrimary: true } })
  expect(decide({ self: unrecorded(true), peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'wait', for: ['n3'] })
  // Nor could its agent write that it was told to stop.
  const unwritten = down('n1', { ...position(8), source: 'recovered', closed: true } as Down['data'], { view: view(5, ['n1', 'n2'], 'n1') })
  expect(decide({ self: unwritten, peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'wait', for: ['n3'] })
  expect(decide({ self: unrecorded(false), peers: [stopped('n2', 7), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
  expect(decide({ self: stopped('n1', 8), peers: [node('n2', ['n1', 'n2'], false), silent('n3')] })).toMatchObject({ do: 'bootstrap' })
})

describe('absent-members=majority', () => {
  test.each([
    ['ccs', true],
    // The rest was Primary with 2 * 1 + 2 of 3.
    ['lls', false],
    ['uus', false],
    ['lus', false],
    // One was cut off while the two others went on; then one of these left.
    ['lcs', false],
    ['ucs', false],
    ['css', false],
    ['lcccs', true],
    ['lllcs', false],
    ['llcss', false],
    ['cccss', true],
    ['lccss', false],
    // Half of it was cut off: the other half went on nowhere.
    ['ccls', true],
    ['lllls', false],
  ])('of a view %s goes on: %s', (how, expected) => {
    expect(goesOn(seen(how))).toBe(expected)
  })

  test('says whose leaving is in the way', () => {
    const [self, ...peers] = seen('lus')
    expect(decide({ self, peers, orders: majority })).toMatchObject({ rule: 'members-missing', do: 'wait', reason: expect.stringContaining('absent-members=majority does not apply: n1 and n2 may have left that view in order') })
  })

  test('does not go on where two tell different weights of the view: one was changed meanwhile', () => {
    const names = ['n1', 'n2', 'n3']
    expect(goesOn([node('n1', names, false), node('n2', names, false, { weight: 5 }), silent('n3')])).toBe(false)
  })

  test('counts nobody whose own newest view is an older one', () => {
    const names = ['n1', 'n2', 'n3']
    expect(goesOn([node('n1', names, false), { ...node('n2', names, false), view: { ...view(4, names, 'n2'), left: false } }, silent('n3')])).toBe(false)
  })

  test('counts a running server only under a node UUID of that view, in any incarnation', () => {
    const all = view(5, ['n1', 'n2', 'n3'])
    const outside = (name: string, uuid: string): Live => live(name, 'non-primary', { seqno: 9n, view: { ...all, ownUuid: nodeUuid(name) }, nodeUuid: uuid })
    const rule = (...uuids: readonly [string, string]) => decideNonPrimary({ self: outside('n1', uuids[0]), peers: [outside('n2', uuids[1]), silent('n3')], orders: majority }).rule
    expect(rule(nodeUuid('n1'), nodeUuid('n2'))).toBe('repair-in-place')
    expect(rule(nodeUuid('n1').replace('-8000-', '-8001-'), nodeUuid('n2').replace('-8000-', '-8001-'))).toBe('repair-in-place')
    expect(rule('00000998-0000-4000-8000-000000000000', '00000999-0000-4000-8000-000000000000')).toBe('view-incomplete')
  })
})

describe('what an operator is told who gives up the absent', () => {
  test.each([
    ['ccs', { mayBePrimary: false, left: [] }],
    ['lls', { mayBePrimary: true, left: ['n1', 'n2'] }],
    ['lcs', { mayBePrimary: true, left: ['n1'] }],
    ['css', { mayBePrimary: true, left: [] }],
  ])('of a view %s: %j', (how, rest) => {
    const [self, ...peers] = seen(how)
    expect(forcedBy({ self, peers }, 'burnt').rest).toEqual(rest)
  })

  test('a missing node whose server is seen to run is given up by nobody', () => {
    const [self, other] = seen('ccs')
    const serving: Silent = silent('n3', { serving: true })
    expect(forcedBy({ self, peers: [other as Down, serving] }, 'burnt').decision).toMatchObject({ do: 'wait', rule: 'live-non-primary' })
    const outside = (name: string) => live(name, 'non-primary', { seqno: 9n, view: view(5, ['n1', 'n2', 'n3'], name) })
    expect(forcedBy({ self: outside('n1'), peers: [outside('n2'), serving] }, 'burnt').decision).toMatchObject({ do: 'wait', rule: 'view-incomplete' })
  })
})

describe('whether a node was cut off in its view', () => {
  const own = recordView(newLedger('n1'), view(5, ['n1', 'n2']))
  const file = gvwstate('n1', ['n1', 'n2'], 'a/1')
  const found = (ledger = own) => lastView(ledger.view, file, HISTORY, 'n1', ['a/1'])

  test('gvwstate.dat shows it, as a graceful stop removes that', () => {
    expect(found()?.left).toBe(false)
    expect(lastView(own.view, null, HISTORY, 'n1', ['a/1'])?.left).toBeUndefined()
  })

  test('not where its server was told to stop, whatever it did before it died', () => {
    expect(found(recordLeaving(own, true))?.left).toBe(true)
    expect(found(recordDeparture(own, { at: 'now', position: { uuid: HISTORY, seqno: 5n } }))?.left).toBe(true)
    expect(recordView(recordLeaving(own, true), view(6, ['n1', 'n2'])).view?.left).toBeUndefined()
  })

  test('nor of a server that runs', () => {
    const seen = found()
    expect(seen === null ? null : recordFormerView(own, seen)).toBe(own)
  })

  test('it is remembered when the file goes for a bootstrap, and no longer where the node joins or is Primary', () => {
    const launched = recordLaunch(own, found())
    const decision = { rule: '', reason: '', evidence: [], uuid: HISTORY, seqno: 5n, known: [], leftBehind: [], without: [] }
    const after = (decision: Parameters<typeof goAlong>[2]) => goAlong(launched, [], decision, 5n, 1, 'now').view?.left
    expect(after({ ...decision, do: 'bootstrap' })).toBe(false)
    expect(after({ ...decision, do: 'join', via: ['n2'], aside: null })).toBeUndefined()
    expect(recordView(launched, view(5, ['n1', 'n2'])).view?.left).toBeUndefined()
    expect(ledgerSchema.parse(JSON.parse(JSON.stringify(launched, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))).view?.left).toBe(false)
  })
})

test('votes that were changed in a view are recorded, though the view is the same', () => {
  const before = recordView(newLedger('n1'), view(5, ['n1', 'n2']))
  expect(recordView(before, { ...view(5, ['n1', 'n2']), weight: 4 }).view?.weight).toBe(4)
})
