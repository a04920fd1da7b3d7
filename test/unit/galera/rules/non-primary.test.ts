import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts, Live, Observation } from '../../../../src/galera/observation.ts'
import { decideNonPrimary, NON_PRIMARY_RULES } from '../../../../src/galera/rules/decide.ts'
import { leftBehind } from '../../../../src/galera/rules/known.ts'
import { anyFacts, down, fork, fresh, live, OTHER_HISTORY, position, silent, unknown, view } from '../nodes.ts'

const all = view(5, ['n1', 'n2', 'n3'])
const outside = (name: string, seqno: bigint, more: Partial<Live> = {}) => live(name, 'non-primary', { seqno, view: all, ...more })
const n1 = outside('n1', 9n)
const facts = (self: Live, ...peers: readonly Observation[]): Facts<Live> => ({ self, peers })

const CASES: Readonly<Record<string, readonly (readonly [string, Facts<Live>, string])[]>> = {
  'left-behind-runs': [['the others went on without this server', facts(n1, live('n2', 'primary', { forks: [fork(5, ['n1'])] }), outside('n3', 9n)), 'leave']],
  'merge-avoided': [
    ['a peer is Primary that this server has gone on without', facts(outside('n1', 9n, { forks: [fork(5, ['n2'])] }), live('n2', 'primary', { seqno: 7n })), 'leave'],
    ['a peer is Primary that has joined such a one', facts(outside('n1', 9n, { forks: [fork(5, ['n2'])] }), live('n3', 'primary', { seqno: 7n })), 'leave'],
  ],
  'primary-elsewhere': [['a peer is Primary', facts(n1, live('n2', 'primary'), outside('n3', 9n)), 'wait']],
  'others-unsettled': [
    ['a peer is being started', facts(n1, outside('n2', 9n), down('n3', position(5), { launched: 'join' })), 'wait'],
    ['a peer still applies what it received', facts(n1, outside('n2', 8n, { receiveQueue: 3 }), outside('n3', 9n)), 'wait'],
    ['this server still applies what it received', facts(outside('n1', 8n, { receiveQueue: 1 }), outside('n2', 8n), outside('n3', 8n)), 'wait'],
    ['a peer is being repaired', facts(n1, outside('n2', 9n, { repairing: true }), outside('n3', 9n)), 'wait'],
  ],
  'chosen-elsewhere': [['a peer has let a silent node go first', facts(n1, outside('n2', 9n, { promise: { epoch: 3, kind: 'repair', chosen: 'n4', others: [], settled: false } }), outside('n3', 9n), silent('n4')), 'wait']],
  'view-incomplete': [
    ['a member of the newest view is silent', facts(n1, outside('n2', 9n), silent('n3')), 'wait'],
    ['the policy is majority, but a missing one serves', { ...facts(n1, outside('n2', 9n), silent('n3', { serving: true })), orders: { majority: true, lose: [], reason: '' } }, 'wait'],
    ['a stopped member does not know its position', facts(n1, outside('n2', 9n), down('n3', unknown)), 'wait'],
    ['a member lost its data and a listed node that left earlier is silent', facts(n1, outside('n2', 9n), down('n3', fresh), silent('n4')), 'wait'],
  ],
  'running-histories': [
    ['a stopped node has another history', facts(n1, outside('n2', 9n), down('n3', position(9, { uuid: OTHER_HISTORY }))), 'refuse'],
    ['a running node has another history', facts(n1, outside('n2', 9n, { uuid: OTHER_HISTORY }), outside('n3', 9n)), 'refuse'],
  ],
  'further-stopped': [['a stopped node is further', facts(n1, outside('n2', 9n), down('n3', position(10))), 'leave']],
  'repair-in-place': [
    ['an operator named every missing node', { ...facts(n1, silent('n2'), silent('n3')), orders: { majority: false, lose: ['n2', 'n3'], reason: 'burnt' } }, 'repair'],
    ['with absent-members=majority more than half has told', { ...facts(n1, outside('n2', 9n), silent('n3')), orders: { majority: true, lose: [], reason: '' } }, 'repair'],
    ['all run and this is the first by name', facts(n1, outside('n2', 9n), outside('n3', 9n)), 'repair'],
    ['all run and another is further', facts(n1, outside('n2', 10n), outside('n3', 9n)), 'wait'],
    ['the others are stopped and not further', facts(n1, down('n2', position(9)), down('n3', position(5))), 'repair'],
    ['the others lost their data', facts(n1, down('n2', fresh), down('n3', fresh)), 'repair'],
    ['who is silent was not in the newest view', facts(outside('n1', 9n, { view: view(5, ['n1', 'n2']) }), down('n2', position(9)), silent('n3')), 'repair'],
  ],
}

test('every rule has its cases', () => {
  expect(Object.keys(CASES)).toEqual(NON_PRIMARY_RULES.map((rule) => rule.name))
})

describe.each(Object.entries(CASES))('%s decides where', (name, cases) => {
  test.each(cases)('%s', (_case, known, verdict) => {
    expect(decideNonPrimary(known)).toMatchObject({ rule: name, do: verdict })
  })
})

test('nobody is made primary beside a primary, behind a known node, or while a member of its view has not told', () => {
  const running = anyFacts.map(({ peers }) => facts(n1, ...peers))
  fc.assert(fc.property(running, (known) => {
    const decision = decideNonPrimary(known)
    if (decision.do !== 'repair') return
    const told = known.peers.filter((peer) => peer.kind === 'non-primary' || (peer.kind === 'down' && peer.data.kind !== 'unknown')).map(({ name }) => name)
    const left = known.peers.flatMap((peer) => (peer.kind === 'silent' ? [] : peer.departures.map((one) => one.name)))
    for (const name of ['n2', 'n3']) expect([...told, ...left]).toContain(name)
    for (const peer of known.peers) {
      expect(peer.kind).not.toBe('primary')
      if (peer.kind === 'non-primary') expect(peer.seqno).toBeLessThanOrEqual(decision.seqno)
      if (peer.kind === 'down' && peer.data.kind === 'position' && !leftBehind(known).includes(peer.name)) expect(peer.data.seqno).toBeLessThanOrEqual(decision.seqno)
    }
  }), { numRuns: 3000 })
})

test('running nodes with the same complete facts are never made primary twice', () => {
  const seqnos = fc.array(fc.bigInt({ min: 7n, max: 9n }), { minLength: 2, maxLength: 5 })
  fc.assert(fc.property(seqnos, (numbers) => {
    const nodes = numbers.map((seqno, at) => outside(`n${at + 1}`, seqno, { view: view(5, numbers.map((_, one) => `n${one + 1}`)) }))
    const chosen = nodes.filter((self) => decideNonPrimary(facts(self, ...nodes.filter((peer) => peer !== self))).do === 'repair')
    expect(chosen).toHaveLength(1)
  }))
})
