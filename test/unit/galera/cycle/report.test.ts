import { expect, test } from 'vitest'
import { report } from '../../../../src/galera/cycle/report.ts'
import { newLedger, recordFlag, recordJoining, recordView } from '../../../../src/galera/ledger.ts'
import { gvwstate, HISTORY, nodeUuid, position, view } from '../nodes.ts'
import { AT, outside, seen, SERVER, synced, TestAgent } from './agent.ts'

const said = (agent: TestAgent) => report(agent.state, { now: agent.now, at: AT })
const looking = (agent: TestAgent) => {
  agent.wake()
  expect(agent.awaited).toMatchObject({ do: 'look' })
  return agent
}

test.each([
  ['is believed where Galera wrote it', newLedger('n1'), true],
  ['is not where the tool wrote it for a bootstrap that came to nothing', recordFlag(newLedger('n1'), 9n), false],
  ['is where the node has come further since', recordFlag(newLedger('n1'), 8n), true],
  ['is where the node was Primary since', recordView(recordFlag(newLedger('n1'), 9n), view(9, ['n1'])), true],
])('safe_to_bootstrap %s', (_what, ledger, believed) => {
  const agent = new TestAgent({ datadir: { data: position(9, { safeToBootstrap: true }), gvwstate: null, restorable: false, damaged: [] } }, ledger)
  expect(said(agent)).toMatchObject({ data: { safeToBootstrap: believed } })
})

test('a primary node whose present view is not known yet tells none, rather than that of an earlier component', () => {
  const agent = looking(new TestAgent({}, recordView(newLedger('n1'), view(5, ['n1', 'n2']))))
  agent.take({ in: 'looked', op: agent.op, look: seen({ sql: 'answers', status: { ...synced, clusterSize: 3 }, view: view(7, ['n1', 'n2']) }) })
  expect(said(agent)).toMatchObject({ kind: 'primary', view: null })
})

test('a server that no agent saw in its primary view tells that view as soon as it is seen outside of it, also where the ledger knows no history yet', () => {
  const agent = looking(new TestAgent())
  agent.take({ in: 'looked', op: agent.op, look: seen({ sql: 'answers', status: outside, gvwstate: gvwstate('n1', ['n1', 'n2', 'n3']) }) })
  expect(said(agent)).toMatchObject({ kind: 'non-primary', view: { uuid: HISTORY, seqno: null, members: ['n1', 'n2', 'n3'].map((name) => ({ uuid: nodeUuid(name) })) } })
})

test('where the ledger can not be written, it tells nothing rather than an older view', () => {
  const agent = looking(new TestAgent())
  agent.take({ in: 'looked', op: agent.op, unwritten: 'ENOSPC', look: seen({ sql: 'answers', status: outside, gvwstate: gvwstate('n1', ['n1', 'n2', 'n3']) }) })
  expect(said(agent)).toMatchObject({ kind: 'down', data: { kind: 'unknown' } })
})

test('the id of a view is learned also where gvwstate.dat is written after the status tells of the view', () => {
  const agent = looking(new TestAgent())
  const look = (file: ReturnType<typeof gvwstate>) => seen({ sql: 'answers', status: synced, view: view(5, ['n1', 'n2']), weight: 1, gvwstate: file })
  agent.take({ in: 'looked', op: agent.op, look: look(gvwstate('n1', ['n1', 'n2', 'n3'], 'view/3')) })
  expect(agent.state.ledger).toMatchObject({ view: { seqno: 5n }, viewIds: [] })
  looking(agent)
  agent.take({ in: 'looked', op: agent.op, look: look(gvwstate('n1', ['n1', 'n2'], 'view/4')) })
  expect(agent.state.ledger).toMatchObject({ view: { seqno: 5n }, viewIds: ['view/4'] })
})

test('what a server shows while it receives its state is not the group\'s: it counts as starting', () => {
  const agent = looking(new TestAgent({ server: SERVER, launched: 'join', datadir: { data: position(3), gvwstate: null, restorable: false, damaged: [] } }))
  agent.take({ in: 'looked', op: agent.op, look: seen({ sql: 'answers', status: { ...synced, ready: false, localState: 1 }, view: view(5, ['n1', 'n2']) }) })
  expect(said(agent)).toMatchObject({ kind: 'down', launched: 'join', data: { seqno: 3n } })
  expect(agent.state.ledger.view).toBeNull()
})

test('the view of gvwstate.dat of who was joining adds to the recorded one, and is not re-formed: it may have been in it without the state', () => {
  const joining = recordJoining(recordView(newLedger('n1'), view(5, ['n1', 'n2'])), true)
  const file = gvwstate('n1', ['n1'], 'view/9')
  const agent = new TestAgent({ datadir: { data: position(6), gvwstate: file, restorable: true, damaged: [] } }, joining)
  expect(said(agent)).toMatchObject({ gvwstate: null, view: { seqno: null, members: [{ uuid: nodeUuid('n1') }, { uuid: nodeUuid('n2') }] } })
})
