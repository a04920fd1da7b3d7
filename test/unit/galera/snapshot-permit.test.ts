import { describe, expect, test } from 'vitest'
import { PERMIT_RULES, type PermitFacts, permitSnapshot } from '../../../src/galera/snapshot-permit.ts'
import { down, fresh, live, OTHER_HISTORY, position, silent } from './nodes.ts'

const facts = (more: Partial<PermitFacts> = {}): PermitFacts => ({ self: live('n1', 'primary'), peers: [live('n2', 'primary'), live('n3', 'primary')], busy: null, lastWriter: false, ...more })

/** For each rule the smallest facts that it decides. */
const CASES: Readonly<Record<string, readonly (readonly [string, PermitFacts, string])[]>> = {
  'snapshot-here': [['another snapshot runs here', facts({ busy: 'another snapshot' }), 'no']],
  'not-synced': [
    ['mariadbd does not run', facts({ self: null }), 'no'],
    ['the node is not Synced', facts({ self: live('n1', 'primary', { synced: false }) }), 'no'],
    ['the node is outside a primary component', facts({ self: live('n1', 'non-primary') }), 'no'],
  ],
  'transfer-runs': [
    ['a peer is a donor, or desynced for a snapshot of its own', facts({ peers: [live('n2', 'primary', { synced: false }), live('n3', 'primary')] }), 'no'],
    ['a peer is taking the state', facts({ peers: [down('n2', fresh, { launched: 'join' }), live('n3', 'primary')] }), 'no'],
    ['also where the operator would take it from the last writer', facts({ peers: [live('n2', 'primary', { synced: false })], lastWriter: true }), 'no'],
  ],
  alone: [['it is the only node of its cluster', facts({ peers: [] }), 'as-it-is']],
  'last-writer': [
    ['the others are stopped', facts({ peers: [down('n2', position(5)), silent('n3')] }), 'no'],
    ['a peer that is Synced is of another cluster', facts({ peers: [live('n2', 'primary', { uuid: OTHER_HISTORY })] }), 'no'],
    ['the operator wants it all the same', facts({ peers: [silent('n2')], lastWriter: true }), 'as-it-is'],
  ],
  desync: [['another node is Synced', facts(), 'desync'], ['one other is enough', facts({ peers: [live('n2', 'primary'), silent('n3')], lastWriter: true }), 'desync']],
}

test('each rule has a case', () => {
  expect(Object.keys(CASES)).toEqual(PERMIT_RULES.map(({ name }) => name))
})

describe.each(Object.entries(CASES))('%s', (rule, cases) => {
  test.each(cases)('%s', (_case, known, permit) => {
    for (const peers of [known.peers, known.peers.toReversed()]) expect(permitSnapshot({ ...known, peers })).toMatchObject({ rule, permit })
  })
})
