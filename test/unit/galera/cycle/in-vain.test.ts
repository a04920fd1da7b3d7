import { expect, test } from 'vitest'
import type { Look } from '../../../../src/galera/cycle/input.ts'
import type { Joining } from '../../../../src/galera/cycle/state.ts'
import { newLedger, recordView } from '../../../../src/galera/ledger.ts'
import { HISTORY, position, view } from '../nodes.ts'
import { seen, SERVER, TestAgent } from './agent.ts'

/** A server that receives the whole state and cannot start on it. */

const CAUSE = "Fatal error: Illegal or unknown default time zone 'Europe/Nope'"
const joining: Joining = { decision: { do: 'join', rule: 'join-primary', reason: '', evidence: [], via: ['n2'], uuid: HISTORY, aside: null }, since: 0, nextAsk: Infinity, nobody: 0, work: '', workSeen: 0, idle: 0, transfer: false, received: false, unjoined: true }

/** One attempt of a node, and how it ends. */
function attempt(before: TestAgent['state']['failure'], how: Partial<Look> & { readonly transfer?: boolean }, more: Partial<Joining> = {}) {
  const agent = new TestAgent({ intent: 'start', server: SERVER, joining: { ...joining, ...more }, failure: before, datadir: { data: position(9), gvwstate: null, restorable: false, damaged: [] } }, recordView(newLedger('n1'), view(5, ['n1', 'n2'])))
  agent.wake()
  agent.take({ in: 'looked', op: agent.op, look: seen({ transfer: how.transfer === true }) })
  agent.wake()
  agent.take({ in: 'looked', op: agent.op, look: seen({ server: null, errors: [CAUSE], ...how, transfer: false }) })
  return agent.state
}

test('after one whole state that ended for the same reason as the attempt before, the node waits for a person', () => {
  const first = attempt(null, { transfer: true })
  expect(first).toMatchObject({ intent: 'start', failure: { code: 'server-ended', exitCode: 5, message: `mariadbd ended while it started: ${CAUSE}` } })
  const second = attempt(first.failure, { transfer: true })
  expect(second).toMatchObject({ intent: 'stay', failure: { code: 'sst-in-vain', exitCode: 3, message: expect.stringContaining(CAUSE) as string, hint: expect.stringContaining('galeractl start') as string } })
})

test.each([
  ['nothing was received', { transfer: false }, {}],
  ['the reason is another', { transfer: true, errors: ['InnoDB: Invalid log header checksum'] }, {}],
  ['nothing is said', { transfer: true, errors: [] }, {}],
  ['the transfer itself failed', { transfer: true, errors: ['WSREP_SST: Broken pipe'] }, {}],
  ['the donor has refused', { transfer: true, refusedBy: { from: 'n2', text: 'no' } }, {}],
  ['it was launched to bootstrap', { transfer: true }, { decision: { do: 'bootstrap', rule: 'x', reason: '', evidence: [], uuid: HISTORY, seqno: 9n, voters: [] } as never }],
] as const)('it is tried again where %s', (_what, how, more) => {
  const before = attempt(null, how, more).failure
  const last = how.transfer && 'errors' in how && how.errors[0]?.startsWith('InnoDB') === true ? attempt(null, { transfer: true }).failure : before
  expect(attempt(last, how, more)).toMatchObject({ intent: 'start', failure: { exitCode: 5 } })
})
