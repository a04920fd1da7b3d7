import { expect, test } from 'vitest'
import { loggedCall, loggedEventSchema, loggedGarbage, loggedView, NO_VIEW, viewAfter } from '../../../src/galera/notify-event.ts'
import type { NotifyEvent } from '../../../src/galera/notify-arguments.ts'
import { HISTORY, uuid, view } from './nodes.ts'

const PLACE = { time: '2026-11-21T17:00:00.000Z', position: { spool: '1-1', end: 9 } }
const member = (name: string, at: number) => ({ uuid: uuid(at), name, address: `10.0.0.${at}:3306` })
const [N1, N2, N3] = [member('n1', 1), member('n2', 2), member('n3', 3)]
const call = (members: NotifyEvent['members'] & object, index = 0): NotifyEvent => ({ status: 'synced', uuid: HISTORY, primary: true, index, members })
const afterAll = (...calls: readonly NotifyEvent[]) => calls.reduce((known, one) => viewAfter(known, loggedCall(one, known, PLACE)), NO_VIEW)

test('an event tells who joined and who left since the members that were told before', () => {
  const before = afterAll(call([N1, N2]))
  expect(loggedCall(call([N1, N3]), before, PLACE)).toMatchObject({ source: 'notify', status: 'synced', view: HISTORY, primary: true, index: 0, size: 2, joined: ['n3'], left: ['n2'], ...PLACE })
})

test('a node that was restarted has left and joined: it is another member', () => {
  expect(loggedCall(call([N1, member('n2', 9)]), afterAll(call([N1, N2])), PLACE)).toMatchObject({ joined: ['n2'], left: ['n2'] })
})

test('a call with only a status changes no members, also not for the next one', () => {
  const before = afterAll(call([N1, N2]), { status: 'donor' })
  expect(loggedCall({ status: 'donor' }, before, PLACE)).toMatchObject({ status: 'donor', size: null, members: null, joined: [], left: [] })
  expect(loggedCall(call([N1, N2, N3]), before, PLACE)).toMatchObject({ joined: ['n3'], left: [] })
})

test('the last call of a server: this node has left, not the others', () => {
  const before = afterAll(call([N1, N2, N3], 1))
  const last: NotifyEvent = { status: 'disconnected', uuid: HISTORY, primary: false, index: -1 }
  expect(loggedCall(last, before, PLACE)).toMatchObject({ size: 0, members: [], left: ['n2'], joined: [] })
  expect(loggedCall(call([N1, N2], 1), afterAll(call([N1, N2, N3], 1), last), PLACE)).toMatchObject({ joined: ['n1', 'n2'], left: [] })
})

test('a view that the server told nothing of has its members in the order in which Galera counts them', () => {
  const seen = { ...view(5, ['n1', 'n2'], 'n2') }
  expect(loggedView(seen, NO_VIEW, PLACE)).toMatchObject({ source: 'server', status: null, primary: true, index: 1, size: 2, joined: ['n1', 'n2'] })
})

test('every kind of event is read back from its line', () => {
  for (const event of [loggedCall(call([member('$(touch /tmp/x)\'"; DROP\n', 1)]), NO_VIEW, PLACE), loggedView(view(5, ['n1']), NO_VIEW, PLACE), loggedGarbage('\u0007<2', PLACE)]) {
    expect(loggedEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  }
})
