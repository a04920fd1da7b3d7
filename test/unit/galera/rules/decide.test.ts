import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Down, Facts, Observation } from '../../../../src/galera/observation.ts'
import { decide, RULES } from '../../../../src/galera/rules/decide.ts'
import { leftBehind } from '../../../../src/galera/rules/known.ts'
import type { View } from '../../../../src/galera/view.ts'
import { fork, replaced, HISTORY, OTHER_HISTORY, anyFacts, down, facts, fresh, gvwstate, live, nodeUuid, position, silent, stoppedNodes, unknown, view } from '../nodes.ts'

const all = view(5, ['n1', 'n2', 'n3'])
/** The newest view of a node that was in it to the end. */
const cutOff = (name: string, names = ['n1', 'n2', 'n3'], more: Partial<View> = {}): View => ({ ...view(5, names, name), left: false, ...more })
const first = { epoch: 3, kind: 'bootstrap' as const, chosen: 'n3', others: [], settled: false }
/** As a restore leaves a gear. */
const restored = position(0, { uuid: OTHER_HISTORY, safeToBootstrap: true })
const majority = { majority: true, lose: [], reason: '' }
const reforming = (name: string) => down(name, position(5), { gvwstate: gvwstate(name, ['n1', 'n2']) })

/** For each rule the smallest facts that it decides, and what it says. */
const CASES: Readonly<Record<string, readonly (readonly [string, Facts, string])[]>> = {
  'two-primaries': [
    ['peers are Primary with two histories', facts(down('n1', fresh), live('n2', 'primary'), live('n3', 'primary', { uuid: OTHER_HISTORY })), 'refuse'],
    ['peers are Primary in views without a common member', facts(down('n1', fresh), live('n2', 'primary', { view: view(5, ['n2']) }), live('n3', 'primary', { view: view(6, ['n3']) })), 'refuse'],
  ],
  'nil-primary': [['a peer is Primary without a history', facts(down('n1', fresh), live('n2', 'primary', { uuid: '00000000-0000-0000-0000-000000000000' })), 'refuse']],
  'foreign-data': [['a server that was part of no cluster wrote the datadir, and a peer is Primary', facts(down('n2', { kind: 'unknown', reason: 'x', strange: true }), live('n1', 'primary')), 'refuse']],
  'history-changed': [['a server ran on it without a history', facts(down('n1', { kind: 'nil' }, { history: OTHER_HISTORY }), live('n2', 'primary')), 'refuse'], ['the datadir holds another history than the ledger remembers', facts(down('n1', position(5), { history: OTHER_HISTORY }), live('n2', 'primary')), 'refuse']],
  'foreign-primary': [['an empty node was a member of another history', facts(down('n1', fresh, { history: OTHER_HISTORY }), live('n2', 'primary')), 'refuse'], ['a peer is Primary with another history', facts(down('n1', position(5)), live('n2', 'primary', { uuid: OTHER_HISTORY })), 'refuse']],
  'left-behind-primary': [
    ['this node went on without a peer that is Primary now', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n1', 'primary')), 'wait'],
    ['it does so beside who went on', facts(down('n3', position(5)), live('n2', 'primary', { forks: [fork(4, ['n1'])] }), live('n1', 'primary')), 'wait'],
    ['a third node tells of it', facts(down('n3', position(5)), down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n1', 'primary')), 'wait'],
    ['this node has no data any more', facts(down('n2', fresh, { history: HISTORY, forks: [fork(4, ['n1'])] }), live('n1', 'primary')), 'wait'],
    ['each went on without the other', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n1', 'primary', { forks: [fork(3, ['n2'])] })), 'refuse'],
  ],
  'rejoin-anew': [
    ['a primary component went on without this node', facts(down('n1', position(5)), live('n2', 'primary', { forks: [fork(5, ['n1'])] })), 'join'],
    ['its newest view may be one of before the fork', facts(down('n1', position(7), { view: view(6, ['n1', 'n2']) }), live('n2', 'primary', { forks: [{ ...fork(5, ['n1'], 'not-in-view'), view: 8n }] })), 'join'],
    ['it was not of the newest view, but is beyond the fork', facts(down('n1', position(6)), live('n2', 'primary', { forks: [fork(5, ['n1'], 'not-in-view')] })), 'join'],
    ['a snapshot was restored in place of its history', facts(down('n2', position(50), { forks: [] }), live('n1', 'primary', { uuid: OTHER_HISTORY, forks: [replaced] })), 'join'],
    ['the same, and another peer that still runs the old history is about to stop', facts(down('n2', position(50)), live('n1', 'primary', { uuid: OTHER_HISTORY, forks: [replaced] }), live('n3', 'primary')), 'join'],
    ['its position can not be read, and its history was replaced', facts(down('n2', unknown, { history: HISTORY }), live('n1', 'primary', { uuid: OTHER_HISTORY, forks: [replaced] })), 'join'],
  ],
  'other-branch': [
    ['a peer has joined who was left behind, and is Primary without it now', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n3', 'primary')), 'refuse'],
  ],
  'join-primary': [
    ['a peer that was never left behind has learnt of the fork', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n3', 'primary', { forks: [fork(4, ['n1'])] })), 'join'],
    ['one of its members has not learnt of it yet', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n3', 'primary', { forks: [fork(4, ['n1'])] }), live('n4', 'primary')), 'join'],
    ['who was left behind has gone along since', facts(down('n2', position(5), { forks: [fork(4, ['n1'])] }), live('n1', 'primary', { forks: [fork(4, ['n1'])] })), 'join'],
    ['it has no data any more, and its history was replaced by a restored snapshot', facts(down('n2', fresh, { history: HISTORY }), live('n1', 'primary', { uuid: OTHER_HISTORY, forks: [replaced] })), 'join'],
    ['this node was not of the newest view and is not beyond the fork', facts(down('n1', position(5)), live('n2', 'primary', { forks: [fork(5, ['n1'], 'not-in-view')] })), 'join'],
    ['the fork was of another node, or this one has gone along since', facts(down('n1', position(9), { forks: [fork(5, ['n1'])] }), live('n2', 'primary', { forks: [fork(5, ['n1']), fork(6, ['n3'])] })), 'join'],
    ['a peer is Primary', facts(down('n1', position(50)), live('n2', 'primary')), 'join'],
    ['a peer is Primary and this node has no data, no list and a stopped peer', facts(down('n1', fresh, { listed: false }), live('n2', 'primary'), down('n3', position(3))), 'join'],
  ],
  'replaced-runs': [
    ['a peer still runs the history that a restored snapshot here replaced', facts(down('n1', restored, { forks: [replaced] }), live('n2', 'primary')), 'wait'],
    ['a peer runs it outside a primary component', facts(down('n1', restored, { forks: [replaced] }), live('n2', 'non-primary'), down('n3', position(9))), 'wait'],
    ['a third node tells of the restore', facts(down('n3', position(9)), live('n2', 'primary'), down('n1', restored, { forks: [replaced] })), 'wait'],
  ],
  'no-peer-list': [['nobody has told of any peers', facts(down('n1', fresh, { listed: false })), 'wait']],
  'position-unknown': [
    ['the own position can not be read and others may have the state', facts(down('n1', unknown), down('n2', position(5))), 'wait'],
    ['a state transfer did not end', facts(down('n1', { kind: 'partial' }), down('n2', position(5))), 'wait'],
    ['the own position can not be read and there is nobody else', facts(down('n1', unknown)), 'refuse'],
  ],
  'two-histories': [['a stopped peer has another history', facts(down('n1', position(5)), down('n2', position(5, { uuid: OTHER_HISTORY }))), 'refuse'], ['no ledger tells of the history of this datadir, and a peer that lost its data was a member of another', facts(down('n2', position(5, { safeToBootstrap: true }), { history: null }), down('n1', fresh, { history: OTHER_HISTORY }), silent('n3')), 'refuse']],
  'left-behind': [
    ['the others went on without this node and are stopped now', facts(down('n1', position(99)), down('n2', position(7), { forks: [fork(5, ['n1'])] })), 'wait'],
    ['a snapshot was restored in place of its history, and who holds it is stopped now', facts(down('n2', position(99)), down('n1', restored, { forks: [replaced] })), 'wait'],
    ['it learned so itself before it stopped', facts(down('n2', position(99), { forks: [replaced] }), down('n3', position(99)), down('n1', restored)), 'wait'],
    ['each says that the cluster went on without the other', facts(down('n1', position(9), { forks: [fork(6, ['n2'])] }), down('n2', position(9), { forks: [fork(5, ['n1'])] })), 'refuse'],
  ],
  'start-under-way': [
    ['a peer is bootstrapping', facts(down('n1', position(9)), down('n2', position(5), { launched: 'bootstrap' })), 'wait'],
    ['a peer is joining', facts(down('n1', fresh), down('n2', fresh, { launched: 'join' })), 'wait'],
  ],
  'data-lost': [['the datadir is empty and the ledger remembers a history', facts(down('n1', fresh, { history: OTHER_HISTORY }), down('n2', fresh)), 'wait']],
  'fresh-needs-primary': [
    ['a peer has data', facts(down('n1', fresh), down('n2', position(0))), 'wait'],
    ['a peer had data', facts(down('n1', fresh), down('n2', fresh, { history: OTHER_HISTORY })), 'wait'],
    ['a peer runs outside a primary component', facts(down('n1', fresh), live('n2', 'non-primary')), 'wait'],
  ],
  'all-fresh': [
    ['all are new and this is the first by name', facts(down('n1', fresh), down('n3', fresh), down('n2', fresh)), 'bootstrap'],
    ['all are new and another is the first', facts(down('n2', fresh), down('n1', fresh)), 'wait'],
    ['a silent peer may have data', facts(down('n1', fresh), silent('n2')), 'wait'],
  ],
  'chosen-is-silent': [
    ['a node re-forms a view that this one is not of, and is silent', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']), promise: { epoch: 3, kind: 'reform', chosen: 'view/13', others: ['n3'], settled: false } }), down('n2', position(5)), silent('n3')), 'wait'],
    ['two re-form it, and the one that asked first is silent', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']), promise: { epoch: 3, kind: 'reform', chosen: 'view/13', others: ['n3', 'n2'], settled: false } }), down('n2', position(5)), silent('n3')), 'wait'],
    ['a node outside the newest view was let go first, and is silent', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']), promise: first }), down('n2', position(5)), silent('n3')), 'wait'],
    ['a peer has let it go first', facts(reforming('n1'), { ...reforming('n2'), promise: first }, silent('n3')), 'wait'],
  ],
  're-form': [
    ['who was let go first is silent, but a primary view was seen since', facts({ ...reforming('n1'), promise: { ...first, settled: true } }, reforming('n2'), silent('n3')), 'reform'],
    ['everybody of the last view is back', facts(reforming('n1'), reforming('n2')), 'reform'],
    ['somebody outside the view is silent', facts(reforming('n1'), reforming('n2'), silent('n3')), 'reform'],
  ],
  'live-non-primary': [
    ['the other member of the view still runs: it is repaired in place', facts(reforming('n1'), live('n2', 'non-primary')), 'wait'],
    ['a peer runs outside a primary component', facts(down('n1', position(5)), live('n2', 'non-primary')), 'wait'],
    ['a server without an agent listens at a silent peer', facts(down('n1', position(5), { view: view(5, ['n1']) }), silent('n2', { serving: true })), 'wait'],
  ],
  'last-member': [
    ['it holds a restored snapshot, and a peer of the replaced history has promised something to a node that is gone', facts(down('n1', restored, { forks: [replaced], view: view(0, ['n1'], 'n1', OTHER_HISTORY) }), down('n2', unknown, { history: HISTORY, promise: first }), silent('n3')), 'bootstrap'],
    ['it holds a restored snapshot, and nothing runs any more that it replaces', facts(down('n1', restored, { forks: [replaced], view: view(0, ['n1'], 'n1', OTHER_HISTORY) }), down('n2', position(99), { view: all }), silent('n3')), 'bootstrap'],
    ['this node left last', facts(down('n1', position(5, { safeToBootstrap: true }), { view: view(5, ['n1']) }), silent('n2')), 'bootstrap'],
    ['another node left last', facts(down('n1', position(3)), down('n2', position(5, { safeToBootstrap: true }))), 'wait'],
  ],
  'operator-word': [
    ['an operator named every missing node', { ...facts(down('n1', position(5), { view: all }), silent('n2'), silent('n3')), orders: { majority: false, lose: ['n2', 'n3'], reason: 'burnt' } }, 'bootstrap'],
    ['another known node is further', { ...facts(down('n1', position(5), { view: all }), down('n2', position(6)), silent('n3')), orders: { majority: false, lose: ['n3'], reason: 'burnt' } }, 'wait'],
  ],
  'majority-goes-on': [
    ['more than half of the newest view has told', { ...facts(down('n1', position(5), { view: cutOff('n1') }), down('n2', position(5), { view: cutOff('n2') }), silent('n3')), orders: majority }, 'bootstrap'],
    ['by weight one of two is more than half', { ...facts(down('n1', position(5), { weight: 2, view: cutOff('n1', ['n1', 'n2'], { weight: 3 }) }), silent('n2')), orders: majority }, 'bootstrap'],
  ],
  'members-missing': [
    ['a server of a member ran without a history', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']) }), down('n2', { kind: 'nil' })), 'wait'],
    ['all left in order at the same position: none goes on without the others', facts(down('n1', position(6), { view: all, departures: ['n2', 'n3'].map((name) => ({ name, nodeUuid: nodeUuid(name), uuid: HISTORY, seqno: 6n })) }), silent('n2'), silent('n3')), 'wait'],
    ['a silent member left in order, but with more than is here', facts(down('n1', position(5), { view: all, departures: [{ name: 'n3', nodeUuid: nodeUuid('n3'), uuid: HISTORY, seqno: 6n }] }), down('n2', position(5)), silent('n3')), 'wait'],
    ['a silent member left in order, and was there again since', facts(down('n1', position(9), { view: { ...all, members: [...all.members.slice(0, 2), { uuid: '00000999-0000-4000-8000-000000000000', name: 'n3', address: null }] }, departures: [{ name: 'n3', nodeUuid: nodeUuid('n3'), uuid: HISTORY, seqno: 6n }] }), down('n2', position(5)), silent('n3')), 'wait'],
    ['the policy is majority, but just half has told', { ...facts(down('n1', position(5), { view: cutOff('n1', ['n1', 'n2']) }), silent('n2')), orders: majority }, 'wait'],
    ['more than half of one view has told, but another may be the newest', { ...facts(down('n2', position(5), { view: cutOff('n2', ['n2', 'n3']) }), down('n1', position(4), { view: cutOff('n1', ['n1', 'n2', 'n3'], { seqno: null }) }), silent('n3')), orders: majority }, 'wait'],
    ['an operator named one of two that are missing', { ...facts(down('n1', position(5), { view: all }), silent('n2'), silent('n3')), orders: { majority: false, lose: ['n2'], reason: 'burnt' } }, 'wait'],
    ['a member of the newest view is silent', facts(down('n1', position(5), { view: all }), down('n2', position(5)), silent('n3')), 'wait'],
    ['a member of the newest view does not know its position', facts(down('n1', position(5), { view: all }), down('n2', position(5)), down('n3', unknown)), 'wait'],
    ['no view was recorded and a listed node is silent', facts(down('n1', position(5)), silent('n2')), 'wait'],
    ['the flag contradicts a later view of a peer', facts(down('n1', position(5, { safeToBootstrap: true }), { view: view(5, ['n1']) }), down('n2', position(4), { view: view(6, ['n2', 'n3']) }), silent('n3')), 'wait'],
    ['a member of the newest view lost its data and one that left earlier is silent', facts(down('n1', position(3), { view: view(3, ['n1', 'n2', 'n3']) }), down('n2', fresh, { history: OTHER_HISTORY, view: view(8, ['n2']) }), silent('n3')), 'wait'],
  ],
  'history-lost': [
    ['the members of the newest view lost their data, and a node that left earlier is behind it', facts(down('n1', position(3), { view: view(2, ['n1', 'n2']) }), down('n2', fresh, { history: HISTORY, view: view(8, ['n2']) })), 'refuse'],
    ['the newest view is one that nobody saw, later than a recorded one', facts(down('n1', position(90), { view: { ...all, seqno: null, after: 100n } }), down('n2', position(90)), down('n3', position(90))), 'refuse'],
    ['a fork began beyond all data that counts', facts(down('n1', position(3), { view: view(2, ['n1']), forks: [fork(9, ['n2'])] })), 'refuse'],
  ],
  'most-advanced': [
    ['a state transfer to a member did not end: it holds nothing of its own', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']) }), down('n2', { kind: 'partial' })), 'bootstrap'],
    ['a silent member of the newest view left in order with less than is here', facts(down('n1', position(7), { view: all }), down('n2', position(5), { departures: [{ name: 'n3', nodeUuid: nodeUuid('n3'), uuid: HISTORY, seqno: 6n }] }), silent('n3')), 'bootstrap'],
    ['an operator gave up what was lost', { ...facts(down('n1', position(3), { view: view(2, ['n1', 'n2']) }), down('n2', fresh, { history: HISTORY, view: view(8, ['n2']) })), orders: { majority: false, lose: ['n2'], reason: 'burnt' } }, 'bootstrap'],
    ['who was left behind is further, and does not count', facts(down('n1', position(7), { view: view(7, ['n1']), forks: [fork(5, ['n2'])] }), down('n2', position(99), { view: all })), 'bootstrap'],
    ['this node has the highest seqno', facts(down('n2', position(6)), down('n1', position(5))), 'bootstrap'],
    ['another node has the highest seqno', facts(down('n1', position(5)), down('n2', position(6))), 'wait'],
    ['all are equal and this is the first by name', facts(down('n1', position(5), { view: all }), down('n2', position(5)), down('n3', position(5))), 'bootstrap'],
    ['a silent node was not in the newest view', facts(down('n1', position(5), { view: view(5, ['n1', 'n2']) }), down('n2', position(4)), silent('n3')), 'bootstrap'],
    ['the view can not be re-formed since a member stays stopped', facts(reforming('n1'), { ...reforming('n2'), intent: 'stay' }), 'bootstrap'],
    ['gvwstate.dat is of different views', facts(reforming('n1'), { ...reforming('n2'), gvwstate: gvwstate('n2', ['n1', 'n2'], 'view/2') }), 'bootstrap'],
    ['a higher seqno beats the flag', facts(down('n1', position(6)), down('n2', position(5, { safeToBootstrap: true }))), 'bootstrap'],
  ],
}

test('every rule has its cases', () => {
  expect(Object.keys(CASES)).toEqual(RULES.map((rule) => rule.name))
})

describe.each(Object.entries(CASES))('%s decides where', (name, cases) => {
  test.each(cases)('%s', (_case, known, verdict) => {
    expect(decide(known)).toMatchObject({ rule: name, do: verdict })
  })

  test('and not without its reason: a later rule takes the same facts, or none does', () => {
    for (const [, known] of cases) {
      const later = RULES.slice(RULES.findIndex((rule) => rule.name === name) + 1)
      const other = later.map((rule) => rule.decide(known)).find((verdict) => verdict !== null)
      expect(RULES.filter((rule) => rule.name !== name && RULES.indexOf(rule) < RULES.length - later.length).every((rule) => rule.decide(known) === null)).toBe(true)
      expect(other === undefined || typeof other.reason === 'string').toBe(true)
    }
  })
})

describe('who is given up is told by name, whether or not the peer list names it', () => {
  const given = (known: View, lose: readonly string[], ...peers: readonly Observation[]) => {
    const decision = decide({ ...facts(down('n1', position(5), { view: known }), ...peers), orders: { majority: false, lose, reason: 'burnt' } })
    return decision.do === 'bootstrap' ? decision.without.map(({ names, why }) => [why, ...names]) : decision
  }
  const nameless = (name: string): View => ({ ...all, members: all.members.map((member) => (member.name === name ? { ...member, name: null } : member)) })
  const unnamed = `node ${nodeUuid('n3')}`

  test.each([
    ['nobody is listed', all, ['n2', 'n3'], [], [['forced', 'n2', 'n3']]],
    ['one is listed, one is not', all, ['n2', 'n3'], [silent('n2')], [['forced', 'n2', 'n3']]],
    ['one that nobody can name is not listed', nameless('n3'), ['n2', unnamed], [silent('n2')], [['forced', 'n2', unnamed]]],
    ['one that nobody can name may be any that is silent', nameless('n3'), [unnamed], [down('n2', position(5)), silent('n3'), silent('n4')], [['forced', 'n3', 'n4', unnamed]]],
  ] as const)('%s', (_case, known, lose, peers, names) => {
    expect(given(known, lose, ...peers)).toEqual(names)
  })

  test('and takes the state anew, known by its name or by its UUID in the view', () => {
    const rejoins = (own: Partial<Down>, without: string) => decide(facts(down('n3', position(9), own), live('n1', 'primary', { forks: [fork(5, [without])] })))
    expect(rejoins({}, 'n3')).toMatchObject({ rule: 'rejoin-anew' })
    expect(rejoins({ view: view(5, ['n1', 'n3'], 'n3') }, unnamed)).toMatchObject({ rule: 'rejoin-anew' })
    expect(rejoins({ gvwstate: gvwstate('n3', ['n1', 'n3']) }, unnamed)).toMatchObject({ rule: 'rejoin-anew' })
    expect(rejoins({ view: view(5, ['n1', 'n3'], 'n3') }, `node ${nodeUuid('n2')}`)).toMatchObject({ rule: 'join-primary' })
  })

  test('and does not count for the others', () => {
    expect(decide(facts(down('n1', position(7), { view: view(7, ['n1']), forks: [fork(5, [unnamed])] }), down('n3', position(99), { view: view(5, ['n1', 'n3'], 'n3') })))).toMatchObject({ rule: 'most-advanced', do: 'bootstrap' })
  })
})

describe('for any facts', () => {
  test('some rule applies, with a reason', () => {
    fc.assert(fc.property(anyFacts, (known) => {
      expect(decide(known).reason).not.toBe('')
    }), { numRuns: 3000 })
  })

  test('the verdict is the same in whatever order the peers answered', () => {
    const permuted = anyFacts.chain((known) => fc.tuple(fc.constant(known), fc.shuffledSubarray([...known.peers], { minLength: known.peers.length })))
    const essence = (known: Facts) => {
      const decision = decide(known)
      return { rule: decision.rule, do: decision.do, uuid: 'uuid' in decision ? decision.uuid : null, seqno: 'seqno' in decision ? decision.seqno : null }
    }
    fc.assert(fc.property(permuted, ([known, peers]) => {
      expect(essence({ ...known, peers })).toEqual(essence(known))
    }), { numRuns: 3000 })
  })

  test('nodes with the same complete facts never bootstrap two', () => {
    fc.assert(fc.property(stoppedNodes, (nodes) => {
      const chosen = nodes.filter((self) => decide({ self: { ...self, listed: true }, peers: nodes.filter((peer) => peer !== self) }).do === 'bootstrap')
      expect(chosen.length).toBeLessThanOrEqual(1)
    }), { numRuns: 3000 })
  })

  test('nobody bootstraps behind a known node of its history, beside a primary, or beside another history', () => {
    fc.assert(fc.property(anyFacts, (known) => {
      const decision = decide(known)
      if (decision.do !== 'bootstrap') return
      for (const peer of known.peers) {
        expect(peer.kind).not.toBe('primary')
        if (peer.kind === 'down' && peer.data.kind === 'position' && !leftBehind(known).includes(peer.name)) expect(peer.data.uuid === decision.uuid && peer.data.seqno <= decision.seqno).toBe(true)
      }
    }), { numRuns: 3000 })
  })
})
