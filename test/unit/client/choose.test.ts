import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Candidate, chooseReader, chooseWriter } from '../../../src/client/nodes/choose.ts'
import { type Health, readHealth } from '../../../src/client/nodes/health.ts'

const health = (state: Health['state'], readOnly = false): Health => ({ state, readOnly, why: '', members: [], address: null, idStep: 1, autocommit: true })
const node = (identity: string, more: Partial<Candidate> = {}): Candidate => ({ identity, priority: 0, local: false, drained: false, health: health('synced'), busy: 0, ...more })

test('the writer is the same in whatever order the nodes are listed: by priority, then by name', () => {
  const nodes = [node('n2'), node('n1', { priority: -1 }), node('n3'), node('n0', { health: health('lagging') }), node('n00', { drained: true }), node('n000', { health: null }), node('n0000', { health: health('synced', true) })]
  fc.assert(fc.property(fc.shuffledSubarray(nodes, { minLength: nodes.length }), (order) => void expect(chooseWriter(order)?.identity).toBe('n2')))
  expect(chooseWriter([node('n1', { health: health('lagging') }), node('n2', { health: health('out') })])?.identity).toBe('n1')
  expect(chooseWriter([node('n2', { health: health('out') })])).toBeNull()
})

test('a read goes to a near node, then to the one with the least to do, and to the writer where no other is synced', () => {
  const [writer, busy, idle, near] = [node('n1'), node('n2', { busy: 5 }), node('n3'), node('n4', { local: true, busy: 9 })]
  for (let turn = 0; turn < 4; turn++) {
    expect(chooseReader([writer, busy, idle, near], writer, turn)).toBe(near)
    expect(chooseReader([writer, busy, idle], writer, turn)).toBe(idle)
  }
  expect(chooseReader([writer, node('n2', { health: health('lagging') })], writer, 0)).toBe(writer)
  expect(chooseReader([node('n2', { health: health('out') })], null, 0)).toBeNull()
})

const primary = { wsrep_on: '1', wsrep_cluster_status: 'Primary', wsrep_ready: 'ON', wsrep_local_state: '4', wsrep_reject_queries: 'NONE', wsrep_desync: '0', wsrep_incoming_addresses: '10.0.0.1:3306,,10.0.0.3:3306', wsrep_local_index: '2', auto_increment_increment: '3' }
const healthOf = (more: Record<string, string> = {}) => readHealth(new Map(Object.entries({ ...primary, ...more })))

test.each([
  ['synced', {}],
  ['lagging', { wsrep_desync: '1' }],
  ['lagging', { wsrep_local_state: '2' }],
  ['out', { wsrep_local_state: '3' }],
  ['out', { wsrep_cluster_status: 'non-Primary' }],
  ['out', { wsrep_ready: 'OFF' }],
  ['out', { wsrep_reject_queries: 'ALL' }],
  ['out', { wsrep_on: '0' }],
] as const)('%s: %j', (state, more) => expect(healthOf(more).state).toBe(state))

test('its own address is the one at its index, arbitrators have none', () => {
  expect(healthOf()).toMatchObject({ address: '10.0.0.3:3306', members: ['10.0.0.1:3306', '10.0.0.3:3306'], idStep: 3 })
})
