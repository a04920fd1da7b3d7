import { expect, test } from 'vitest'
import { newLedger, recordView } from '../../../../src/galera/ledger.ts'
import { down, gvwstate, HISTORY, nodeUuid, OTHER_HISTORY, position, silent, view } from '../nodes.ts'
import { outside, seen, SERVER, synced, TestAgent } from './agent.ts'

const DATADIR = { data: position(9), gvwstate: null, restorable: false, damaged: [] }
const REFORMING = { ...SERVER, launch: 'reform' as const }

/** An agent that has just begun, and looks for a server. */
function begun(more: ConstructorParameters<typeof TestAgent>[0] = {}, ledger = newLedger('n1')): TestAgent {
  const agent = new TestAgent(more, ledger)
  agent.wake()
  return agent
}
const look = (agent: TestAgent, shown: Parameters<typeof seen>[0]) => agent.take({ in: 'looked', op: agent.op, look: seen(shown) })

test('a server that is taken over and whose SQL is busy is left alone, whatever it was launched for', () => {
  const agent = begun()
  for (let second = 0; second < 120; second++) {
    look(agent, { server: REFORMING, sql: 'busy' })
    expect(agent.state.task.at).toBe('watching')
    agent.now += 1_000
    agent.wake()
  }
})

test('one that waits for the members of its view is given up when its SQL has been closed for half a minute', () => {
  const agent = begun({ datadir: { ...DATADIR, gvwstate: gvwstate('n1', ['n1', 'n2']) } })
  look(agent, { server: REFORMING })
  expect(agent.state.task.at).toBe('watching')
  agent.now += 31_000
  agent.wake()
  look(agent, { server: REFORMING })
  expect(agent.awaited).toMatchObject({ do: 'end', kill: true })
})

test('the node UUID of a server is kept before its SQL answers, and of one that dies before a look has found it', () => {
  const running = begun()
  look(running, { gvwstate: gvwstate('n1', ['n1', 'n2']) })
  expect(running.state.ledger.nodeUuids).toEqual([nodeUuid('n1')])
  const decision = { do: 'join' as const, rule: '', reason: '', evidence: [], uuid: HISTORY, seqno: 9n, via: ['n2'], aside: null }
  const joining = { decision, since: 0, nextAsk: 0, nobody: 0, work: '', workSeen: 0, idle: 0, transfer: false, received: false, unjoined: true }
  const died = begun({ server: SERVER, joining })
  look(died, { server: null, gvwstate: gvwstate('n1', ['n1', 'n2']) })
  expect(died.state.ledger.nodeUuids).toEqual([nodeUuid('n1')])
})

test('a gvwstate.dat that nobody of this node is known to have written names nobody: it may be a copy', () => {
  const stopped = begun()
  look(stopped, { server: null, gvwstate: gvwstate('n1', ['n1', 'n2']) })
  stopped.take({ in: 'read', op: stopped.op, datadir: { ...DATADIR, gvwstate: gvwstate('n1', ['n1', 'n2']) } })
  expect(stopped.state.ledger.nodeUuids).toEqual([])
})

test('where only the node UUID cannot be written, the view is told as before', () => {
  const view2 = view(5, ['n1', 'n2'])
  const recorded = { ...recordView(newLedger('n1'), { ...view2, ownWeight: 1 }), nodeUuids: [] }
  const agent = begun({}, recorded)
  agent.take({ in: 'looked', op: agent.op, look: seen({ sql: 'answers', status: synced, view: view2, weight: 1 }), unwritten: 'ENOSPC' })
  expect(agent.state).toMatchObject({ viewKnown: true, ledger: recorded })
})

test('a joiner that says it receives its state, though it has left its group, is ended and starts anew', () => {
  const agent = begun()
  const receiving = { ...outside, localState: 1 }
  look(agent, { sql: 'answers', status: receiving })
  for (let second = 0; second < 3; second++) {
    agent.now += 1_000
    agent.wake()
    look(agent, { sql: 'answers', status: receiving })
  }
  expect(agent.awaited).toBeUndefined()
  for (let second = 0; second < 3 && agent.awaited?.do !== 'end'; second++) {
    agent.now += 1_000
    agent.wake()
    look(agent, { sql: 'answers', status: { ...receiving, connected: false } })
  }
  expect(agent.awaited).toMatchObject({ do: 'end', kill: false })
})

test.each([[false, 2], [true, 10]])('a joiner whose peers all say that none is Primary is ended, also while a script waits for a donor (%s): after %i answers', (transfer, answers) => {
  const decision = { do: 'join' as const, rule: '', reason: '', evidence: [], uuid: HISTORY, seqno: 9n, via: ['n2'], aside: null }
  const agent = begun({ server: SERVER, joining: { decision, since: 0, nextAsk: 0, nobody: 0, work: '', workSeen: 0, idle: 0, transfer, received: false, unjoined: true } })
  let heard = 0
  for (let turn = 0; turn < 60 && agent.awaited?.do !== 'end'; turn++) {
    if (agent.awaited?.do === 'look') look(agent, { sql: 'closed', transfer })
    else if (agent.awaited?.do === 'ask') {
      heard++
      agent.take({ in: 'heard', op: agent.op, observations: [down('n2', position(9))], settings: null })
    } else {
      agent.now += 1_000
      agent.wake()
    }
  }
  expect([agent.awaited, heard]).toMatchObject([{ do: 'end', kill: true }, answers])
})

test('a ledger that cannot be written learns no node UUID', () => {
  const agent = begun()
  const { ledger } = agent.state
  agent.take({ in: 'looked', op: agent.op, look: seen({ gvwstate: gvwstate('n1', ['n1', 'n2']) }), unwritten: 'ENOSPC' })
  expect(agent.state.ledger).toBe(ledger)
})

test('what it was launched for is cleared when it is Synced', () => {
  const agent = begun()
  look(agent, { server: REFORMING, sql: 'answers', status: synced, view: view(5, ['n1', 'n2']), weight: 1 })
  expect(agent.effects).toContainEqual({ do: 'settle-launch', server: REFORMING })
  expect(agent.state).toMatchObject({ phase: 'running', server: { launch: null } })
})

test('an unknown is no death: a server that can not be seen now is neither gone nor replaced', () => {
  const agent = begun()
  look(agent, { sql: 'answers', status: synced, view: view(5, ['n1', 'n2']), weight: 1 })
  for (let at = 0; at < 5; at++) {
    agent.wake()
    look(agent, { server: 'unknown', sql: 'busy' })
    expect(agent.state).toMatchObject({ server: { pid: 7 }, task: { at: 'watching' } })
  }
})

test('where it is not known whether a server runs, none is started', () => {
  const agent = begun({ intent: 'start', datadir: DATADIR })
  look(agent, { server: 'unknown' })
  expect(agent.state).toMatchObject({ server: null, task: { at: 'resting' }, message: expect.stringContaining('cannot be seen') })
})

test('a stop while it is not known whether a server runs does not say that it is stopped', () => {
  const agent = begun({ datadir: DATADIR })
  agent.take({ in: 'stop', timeout: 1_000, quit: false })
  look(agent, { server: 'unknown' })
  expect(agent.effects).toEqual([])
  agent.wake()
  look(agent, { server: null })
  expect(agent.effects).toContainEqual({ do: 'stopped', clean: true, error: null })
})

test('a server in a component in which nobody has the state is stopped in order after two seconds: pc.bootstrap is ignored there', () => {
  const agent = begun({}, recordView(newLedger('n1'), view(5, ['n1', 'n2'])))
  const stateless = { sql: 'answers' as const, status: outside, gvwstate: gvwstate('n1', ['n1'], 'view/9') }
  look(agent, stateless)
  expect(agent.state.task.at).toBe('watching')
  agent.now += 2_500
  agent.wake()
  look(agent, stateless)
  expect(agent.awaited).toMatchObject({ do: 'end', kill: false })
})

test('what it still receives is left to arrive', () => {
  const agent = begun()
  const receiving = { sql: 'answers' as const, status: { ...outside, localState: 1 }, gvwstate: gvwstate('n1', ['n1'], 'view/9') }
  look(agent, receiving)
  agent.now += 5_000
  agent.wake()
  look(agent, receiving)
  expect(agent.state.task.at).toBe('watching')
})

test('Primary with another history than the ledger remembers: stopped at once, and left to a person', () => {
  const agent = begun({}, recordView(newLedger('n1'), view(5, ['n1', 'n2'])))
  look(agent, { sql: 'answers', status: { ...synced, stateUuid: OTHER_HISTORY }, view: view(5, ['n1', 'n2'], 'n1', OTHER_HISTORY) })
  expect(agent.awaited).toMatchObject({ do: 'end', kill: true })
  agent.take({ in: 'ended', op: agent.op, clean: false })
  expect(agent.state).toMatchObject({ intent: 'stay', failure: { code: 'wrong-history', exitCode: 3 } })
})

test('a stop that comes while mariadbd is being launched waits for that, and stops it', () => {
  const agent = new TestAgent({ intent: 'start', datadir: DATADIR, task: { at: 'asking' }, op: 1 })
  agent.take({ in: 'heard', op: 1, observations: [], settings: null })
  agent.take({ in: 'prepared', op: agent.op })
  agent.take({ in: 'answered', op: agent.op, answers: [] })
  expect(agent.awaited).toMatchObject({ do: 'launch' })
  agent.take({ in: 'stop', timeout: 1_000, quit: false })
  expect(agent.effects).toEqual([])
  agent.take({ in: 'launched', op: agent.op, server: SERVER })
  expect(agent.awaited).toMatchObject({ do: 'look', within: 1_000 })
  look(agent, {})
  expect(agent.awaited).toMatchObject({ do: 'end', kill: false })
  agent.take({ in: 'ended', op: agent.op, clean: true })
  agent.take({ in: 'clean-stop', op: agent.op, position: null })
  expect(agent.effects).toContainEqual({ do: 'stopped', clean: true, error: null })
})

test('a result that comes after a stop was asked for is of nobody', () => {
  const agent = new TestAgent({ intent: 'start', datadir: DATADIR, task: { at: 'asking' }, op: 1 })
  agent.take({ in: 'stop', timeout: 1_000, quit: false })
  const before = agent.state
  agent.take({ in: 'heard', op: 1, observations: [silent('n2')], settings: null })
  expect(agent.state).toBe(before)
})

const JOINING = { ...SERVER, launch: 'join' as const }

/** A second later the server is looked at again; the peers may have been asked before. */
function nextLook(agent: TestAgent, seconds = 1): void {
  agent.now += seconds * 1_000
  do {
    if (agent.awaited?.do === 'ask') agent.take({ in: 'heard', op: agent.op, observations: [silent('n2')], settings: null })
    else agent.wake()
  } while (agent.awaited?.do !== 'look')
}

test.each([
  ['without any sign of work for thirty looks hangs: it is killed', () => 'same', 40, true],
  ['that works is left alone for hours', (second: number) => String(second), 4_000, false],
])('a joiner %s', (_what, work, looks, killed) => {
  const agent = begun()
  const ended = Array.from({ length: looks }, (_, second) => second).some((second) => {
    look(agent, { server: JOINING, work: work(second), transfer: true })
    if (agent.state.task.at === 'ending') return true
    nextLook(agent)
    return false
  })
  expect(ended).toBe(killed)
  if (killed) expect(agent.state.task).toMatchObject({ why: { code: 'server-hangs', message: expect.stringContaining('hangs') } })
})

test('an agent that stood still itself has seen one look, not an hour', () => {
  const agent = begun()
  look(agent, { server: JOINING, work: 'same', transfer: true })
  nextLook(agent, 3_600)
  look(agent, { server: JOINING, work: 'same', transfer: true })
  expect(agent.state.task.at).not.toBe('ending')
})

test.each([
  ['cannot be ended is told, and watched on', 'unkillable', true],
  ['cannot be seen is not told to be stopped: it is looked at again', 'process-unknown', false],
])('a server that %s', (_what, code, told) => {
  const agent = begun()
  look(agent, { sql: 'answers', status: synced, view: view(5, ['n1', 'n2']), weight: 1 })
  agent.take({ in: 'stop', timeout: 1_000, quit: false })
  look(agent, { sql: 'answers', status: synced, view: view(5, ['n1', 'n2']), weight: 1 })
  agent.take({ in: 'failed', op: agent.op, error: { code, exitCode: 5, message: '', hint: '' } })
  expect(agent.effects.some((effect) => effect.do === 'stopped')).toBe(told)
  expect(agent.state).toMatchObject({ server: { pid: 7 }, task: { at: 'watching' } })
})
