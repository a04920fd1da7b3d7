import { expect, test } from 'vitest'
import type { Proposal } from '../../../../src/galera/fence.ts'
import { down, HISTORY, position, silent } from '../nodes.ts'
import { TestAgent } from './agent.ts'

const DATADIR = { data: position(17), gvwstate: null, restorable: false, damaged: [] }
const ofN2: Proposal = { epoch: 2, kind: 'bootstrap', chosen: 'n2', from: 'n2', uuid: HISTORY, seqno: 18n, known: ['n1', 'n2'], uncounted: [] }

/** n1 has asked n2, and has decided to go first. */
function decided(): TestAgent {
  const agent = new TestAgent({ intent: 'start', datadir: DATADIR, task: { at: 'asking' }, op: 1 })
  agent.take({ in: 'heard', op: 1, observations: [down('n2', position(9))], settings: null })
  expect(agent.awaited).toMatchObject({ do: 'prepare' })
  return agent
}

test('its own acknowledgement is in the ledger before anybody is asked; with all answers the node is launched', () => {
  const agent = decided()
  agent.take({ in: 'prepared', op: agent.op })
  expect(agent.state.ledger.promise).toMatchObject({ epoch: 1, chosen: 'n1' })
  expect(agent.awaited).toMatchObject({ do: 'propose', to: ['n2'] })
  expect(agent.state.launched).toBeNull()
  agent.take({ in: 'answered', op: agent.op, answers: [{ ack: true }] })
  expect(agent.state.launched).toBe('bootstrap')
  expect(agent.awaited).toMatchObject({ do: 'launch' })
})

test.each([
  ['one refuses', [{ ack: false as const, reason: 'n2 is further' }]],
  ['one does not answer', [{ ack: true as const }, { ack: false as const, reason: 'n3 did not answer (timeout)' }]],
])('nothing is launched where %s', (_what, answers) => {
  const agent = decided()
  agent.take({ in: 'prepared', op: agent.op })
  agent.take({ in: 'answered', op: agent.op, answers })
  expect(agent.state).toMatchObject({ launched: null, task: { at: 'pausing' }, message: expect.stringContaining('Not acknowledged') })
})

test('who has acknowledged another since it decided does not go first, however many epochs it would be ahead: that one may be Primary by now', () => {
  const agent = decided()
  expect(agent.take({ in: 'proposal', id: 1, proposal: ofN2 })).toContainEqual({ do: 'answer', id: 1, answer: { ack: true } })
  agent.take({ in: 'prepared', op: agent.op })
  expect(agent.state).toMatchObject({ launched: null, message: 'Not acknowledged: n2 was acknowledged meanwhile. Asking again.' })
})

test('an acknowledgement of another that comes while the answers are under way counts too', () => {
  const agent = decided()
  agent.take({ in: 'prepared', op: agent.op })
  agent.take({ in: 'proposal', id: 1, proposal: ofN2 })
  agent.take({ in: 'answered', op: agent.op, answers: [{ ack: true }] })
  expect(agent.state).toMatchObject({ launched: null, message: expect.stringContaining('epoch 2 came between') })
})

test('what the disk does not keep is not acknowledged', () => {
  const agent = new TestAgent({ datadir: DATADIR })
  const before = agent.state.ledger
  expect(agent.take({ in: 'proposal', id: 1, proposal: ofN2, unwritten: 'ENOSPC' })).toContainEqual({ do: 'answer', id: 1, answer: { ack: false, reason: 'n1 cannot write its ledger: ENOSPC' } })
  expect(agent.state.ledger).toBe(before)
})

test.each([
  ['a node that was given up answers', (agent: TestAgent) => agent.take({ in: 'observed', observations: [down('n2', position(9)), silent('n3')] }), true],
  ['it proposes something', (agent: TestAgent) => agent.take({ in: 'proposal', id: 2, proposal: ofN2 }), true],
  ['it stays silent', (agent: TestAgent) => agent.take({ in: 'observed', observations: [silent('n2'), silent('n3')] }), false],
  ['another one answers', (agent: TestAgent) => agent.take({ in: 'observed', observations: [silent('n2'), down('n3', position(9))] }), false],
])('an override, and %s: is it void?', (_what, happens, isVoid) => {
  const agent = new TestAgent({ datadir: DATADIR })
  agent.take({ in: 'override', id: 1, override: { lose: ['n2'], gone: ['n2'], reason: 'burnt' } })
  expect(agent.state.override).not.toBeNull()
  happens(agent)
  expect(agent.state.override === null).toBe(isVoid)
})

test('an override of one that answered when it was given stands: its data may be what is lost', () => {
  const agent = new TestAgent({ datadir: DATADIR })
  agent.take({ in: 'override', id: 1, override: { lose: ['n2'], gone: [], reason: 'burnt' } })
  agent.take({ in: 'observed', observations: [down('n2', { kind: 'fresh' })] })
  expect(agent.state.override).not.toBeNull()
})
