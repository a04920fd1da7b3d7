import { describe, expect, test } from 'vitest'
import { newLedger, recordView } from '../../../../src/galera/ledger.ts'
import { gvwstate, position, view } from '../nodes.ts'
import { outside, seen, SERVER, synced, TestAgent } from './agent.ts'

/** How servers are ended, and what is not concluded from what failed. */

const DATADIR = { data: position(9), gvwstate: null, restorable: false, damaged: [] }
const ledger = recordView(newLedger('n1'), view(5, ['n1', 'n2']))
const FAILED = { code: 'x', exitCode: 5 as const, message: 'no memory', hint: '' }
const LATER = { timeout: 60_000, quit: false }

function begun(more: ConstructorParameters<typeof TestAgent>[0] = {}): TestAgent {
  const agent = new TestAgent(more, ledger)
  agent.wake()
  return agent
}
const look = (agent: TestAgent, shown: Parameters<typeof seen>[0]) => agent.take({ in: 'looked', op: agent.op, look: seen(shown) })
const UP = { sql: 'answers' as const, status: synced, view: view(5, ['n1', 'n2']), weight: 1 }

describe('a stop', () => {
  test.each([
    ['joins and answers no SQL: its scripts go first', { launch: 'join' as const, sql: 'closed' as const }, { joining: true, patience: 10_000 }],
    ['re-forms: it has no scripts', { launch: 'reform' as const, sql: 'closed' as const }, { joining: false, patience: 10_000 }],
    ['recovers its own data as the first: that may take its time', { launch: 'bootstrap' as const, sql: 'closed' as const }, { joining: false, patience: 60_000 }],
    ['is busy, though it was launched to join long ago', { launch: 'join' as const, sql: 'busy' as const }, { joining: false, patience: 60_000 }],
  ])('of a server that was taken over and %s', (_what, { launch, sql }, expected) => {
    const agent = begun()
    look(agent, { server: { ...SERVER, launch }, sql })
    agent.take({ in: 'stop', ...LATER })
    look(agent, { server: { ...SERVER, launch }, sql })
    expect(agent.awaited).toMatchObject({ do: 'end', kill: false, ...expected })
  })

  test('that is asked for once more with less patience does not wait for the first', () => {
    const agent = begun()
    look(agent, UP)
    agent.take({ in: 'stop', ...LATER })
    look(agent, UP)
    const first = agent.op
    agent.take({ in: 'stop', timeout: 2_000, quit: false })
    expect(agent.awaited).toMatchObject({ do: 'end', patience: 2_000 })
    agent.take({ in: 'ended', op: first, clean: true })
    expect(agent.state.task.at).toBe('ending')
  })

  test('finds that the server has ended meanwhile: where it stopped is read and told, nobody says that it was killed', () => {
    const agent = begun()
    look(agent, UP)
    agent.take({ in: 'stop', ...LATER })
    look(agent, { server: null })
    expect(agent.awaited).toMatchObject({ do: 'read-clean-stop' })
    agent.take({ in: 'clean-stop', op: agent.op, position: { uuid: synced.stateUuid, seqno: 9n } })
    expect(agent.state.ledger.view?.left).toBe(true)
    agent.take({ in: 'announced', op: agent.op })
    expect(agent.effects).toContainEqual({ do: 'stopped', clean: true, error: null })
  })

  test('after which the agent ends refuses a start, and says why', () => {
    const agent = begun()
    look(agent, UP)
    agent.take({ in: 'stop', timeout: 60_000, quit: true })
    expect(agent.take({ in: 'start', restored: false, id: 3 })).toMatchObject([{ do: 'confirm', id: 3, error: { code: 'agent-ends' } }])
    expect(agent.state.intent).toBe('stay')
  })
})

test('a look that failed says nothing: the server is watched on, and looked at again a moment later', () => {
  const agent = begun()
  look(agent, UP)
  agent.wake()
  agent.take({ in: 'failed', op: agent.op, error: FAILED })
  expect(agent.state).toMatchObject({ server: { pid: 7 }, failure: null, task: { at: 'watching' }, wakeAt: agent.now + 1_000 })
})

test('a position that cannot be read is not read again at once', () => {
  const agent = begun()
  look(agent, { server: null })
  expect(agent.awaited).toMatchObject({ do: 'read' })
  agent.take({ in: 'failed', op: agent.op, error: FAILED })
  expect(agent.state).toMatchObject({ task: { at: 'resting' }, failure: FAILED })
})

test('a start while the position is being read after a crash does not wait for the pause', () => {
  const agent = begun()
  look(agent, { server: null })
  agent.take({ in: 'start', restored: false, id: 1 })
  agent.take({ in: 'read', op: agent.op, datadir: DATADIR })
  expect(agent.awaited).toMatchObject({ do: 'ask' })
})

test('what failed before is over when the node is Synced', () => {
  const agent = begun()
  look(agent, UP)
  agent.state = { ...agent.state, failure: FAILED }
  agent.wake()
  look(agent, UP)
  expect(agent.state.failure).toBeNull()
})

describe('a component outside', () => {
  const CUT = { sql: 'answers' as const, status: { ...outside, clusterSize: 2 }, gvwstate: gvwstate('n1', ['n1', 'n2'], 'view/9') }

  test('of several that have the members of the last view was cut off, and has the state, until pc.bootstrap shows otherwise', () => {
    const agent = begun()
    look(agent, CUT)
    agent.now += 2_500
    agent.wake()
    look(agent, CUT)
    expect(agent.awaited).toMatchObject({ do: 'ask' })
    agent.state = { ...agent.state, repairs: 1, lackingSince: agent.now - 2_500, task: { at: 'watching' }, wakeAt: agent.now }
    agent.wake()
    look(agent, CUT)
    expect(agent.awaited).toMatchObject({ do: 'end', kill: false })
  })

  test.each([
    ['was merged meanwhile', { status: synced, view: view(6, ['n1', 'n2']), weight: 1 }, undefined],
    ['is being sent the state', { status: { ...outside, localState: 1 } }, undefined],
    ['is outside still', { status: outside }, { do: 'repair' }],
  ])('for which the fence is held and that %s', (_what, shown, expected) => {
    const decision = { do: 'repair' as const, rule: 'repair', reason: '', evidence: [], uuid: synced.stateUuid, seqno: 9n, known: [], leftBehind: [], without: [] } as never
    const agent = begun({ server: SERVER, nonPrimarySince: 0, repairing: true, repairUntil: 0, op: 4, task: { at: 'confirming', decision, epoch: 1 }, wakeAt: null })
    agent.take({ in: 'looked', op: 4, look: seen({ sql: 'answers', ...shown }) })
    if (expected === undefined) expect(agent.state).toMatchObject({ repairing: false, repairs: 0 })
    else expect(agent.awaited).toMatchObject(expected)
  })
})

test('a component that is being made primary by pc.bootstrap, and has its gvwstate.dat already, is not one in which nobody has the state', () => {
  const agent = begun()
  look(agent, { sql: 'answers', status: outside, gvwstate: gvwstate('n1', ['n1', 'n2'], 'view/9') })
  agent.now += 30_000
  agent.state = { ...agent.state, repairing: true, repairUntil: agent.now + 1_500, task: { at: 'watching' }, wakeAt: agent.now }
  agent.wake()
  look(agent, { sql: 'answers', status: outside, gvwstate: gvwstate('n1', ['n1'], 'view/10') })
  expect(agent.state.task.at).toBe('watching')
})
