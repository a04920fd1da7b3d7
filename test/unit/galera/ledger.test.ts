import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ledgerSchema, newLedger, recordDecision, recordDeparture, recordLaunch, recordNodeUuid, recordPromise, recordView } from '../../../src/galera/ledger.ts'
import { bigintAsText } from '../../../src/galera/schemas.ts'
import { HISTORY, nodeUuid, view } from './nodes.ts'

const departure = { at: '2026-01-01T00:00:00Z', position: { uuid: HISTORY, seqno: 9n } }
const promise = { epoch: 2, kind: 'bootstrap' as const, chosen: 'n1' }
const wait = (reason: string) => ({ do: 'wait' as const, rule: 'members-missing', reason, for: [], hint: '', evidence: ['n2: silent'] })

describe('a change that changes nothing gives the same value', () => {
  test.each([
    ['the same view', recordView(newLedger('n1'), view(5, ['n1', 'n2'])), (ledger: ReturnType<typeof newLedger>) => recordView(ledger, view(5, ['n2', 'n1'], 'n1'))],
    ['the same departure', recordDeparture(newLedger('n1'), departure), (ledger: ReturnType<typeof newLedger>) => recordDeparture(ledger, { ...departure, at: 'later' })],
    ['a launch without an earlier departure', newLedger('n1'), (ledger: ReturnType<typeof newLedger>) => recordLaunch(ledger)],
    ['the same promise', recordPromise(newLedger('n1'), promise), (ledger: ReturnType<typeof newLedger>) => recordPromise(ledger, { ...promise })],
    ['the same decision', recordDecision(newLedger('n1'), wait('n2 is silent'), 'now'), (ledger: ReturnType<typeof newLedger>) => recordDecision(ledger, wait('n2 is silent'), 'later')],
  ])('%s', (_case, ledger, change) => {
    expect(change(ledger)).toBe(ledger)
  })
})

describe('the node UUIDs of its servers', () => {
  test('a view tells one, and others are kept when it is replaced; a restored view\'s next incarnation is the same node', () => {
    const first = recordView(newLedger('n1'), view(3, ['n1', 'n2']))
    const later = recordNodeUuid(recordNodeUuid(first, nodeUuid('n3')), nodeUuid('n1').replace('-8000-', '-8001-'))
    expect(later.nodeUuids).toEqual([nodeUuid('n1'), nodeUuid('n3')])
  })

  test('one that a later view calls by another name is given up', () => {
    const seeded = recordNodeUuid(newLedger('n1'), nodeUuid('n2'))
    expect(seeded.nodeUuids).toEqual([nodeUuid('n2')])
    expect(recordView(seeded, view(3, ['n1', 'n2'])).nodeUuids).toEqual([nodeUuid('n1')])
  })

  test('one that the view calls by another name is another node\'s: its gvwstate.dat is a copy', () => {
    expect(recordNodeUuid(recordView(newLedger('n1'), view(3, ['n1', 'n2'])), nodeUuid('n2')).nodeUuids).toEqual([nodeUuid('n1')])
  })
})

test('a new view is kept with its history, and ends an earlier departure', () => {
  const left = recordDeparture(newLedger('n1'), departure)
  expect(recordView(left, view(10, ['n1']))).toMatchObject({ history: HISTORY, view: { seqno: 10n }, departure: null })
})

test('a launch ends the departure and keeps the view that only gvwstate.dat told of', () => {
  const before = recordDeparture(recordView(newLedger('n1'), view(3, ['n1', 'n2'])), departure)
  const after = recordLaunch(before, view(null, ['n1', 'n2', 'n3']))
  expect(after).toMatchObject({ departure: null, view: { seqno: null, members: [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }] } })
  expect(recordLaunch(before, before.view).view).toBe(before.view)
})

test('all who were acknowledged are kept, also over epochs, until a primary view settles it', () => {
  const reform = (epoch: number, from: string) => ({ epoch, kind: 'reform' as const, chosen: 'view/1', others: [from] })
  const twice = recordPromise(recordPromise(newLedger('n1'), reform(2, 'n2')), reform(2, 'n3'))
  expect(twice.promise?.others).toEqual(['n2', 'n3'])
  expect(recordPromise(twice, reform(2, 'n2'))).toBe(twice)
  const later = recordPromise(recordPromise(twice, { epoch: 3, kind: 'bootstrap', chosen: 'n4' }), reform(4, 'n2'))
  expect(later.promise).toMatchObject({ epoch: 4, kind: 'reform', others: ['n2', 'n3', 'n4'] })
  expect(recordPromise(later, { epoch: 5, kind: 'bootstrap', chosen: 'n4' }).promise).toMatchObject({ chosen: 'n4', others: ['n2', 'n3'] })
  expect(recordPromise(recordView(later, view(5, ['n1'])), reform(4, 'n3')).promise).toMatchObject({ others: ['n3'], settled: false })
})

test.each([[{ by: null }, []], [{ by: 'n3' }, ['n3']], [{}, []], [{ others: ['n2', 'n3'] }, ['n2', 'n3']]])('who was acknowledged, as ledgers of this version and earlier ones have it: %j', (told, read) => {
  const { promise: kept, ...rest } = recordPromise(newLedger('n1'), promise)
  const { others: _others, ...bare } = kept ?? {}
  expect(ledgerSchema.parse({ ...rest, promise: { ...bare, ...told } }).promise?.others).toEqual(read)
})

test('the newest 50 decisions are kept, each with the epoch of its time', () => {
  let ledger = recordPromise(newLedger('n1'), promise)
  for (let number = 0; number < 60; number++) ledger = recordDecision(ledger, wait(`reason ${number}`), String(number))
  expect(ledger.decisions.map((decision) => decision.reason)).toEqual(Array.from({ length: 50 }, (_, index) => `reason ${index + 10}`))
  expect(ledger.decisions[0]?.epoch).toBe(2)
})

test('any ledger survives being written and read, its seqnos to the last digit', () => {
  const seqno = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
  fc.assert(fc.property(seqno, fc.option(seqno), fc.integer({ min: 1 }), (left, viewed, epoch) => {
    let ledger = recordView(newLedger('n1'), { ...view(1, ['n1', 'n2']), seqno: viewed })
    ledger = recordPromise(recordDeparture(ledger, { at: 'now', position: { uuid: HISTORY, seqno: left } }), { ...promise, epoch })
    expect(ledgerSchema.parse(JSON.parse(JSON.stringify(recordDecision(ledger, wait('why'), 'now'), bigintAsText)))).toEqual(recordDecision(ledger, wait('why'), 'now'))
  }))
})

test.each([{}, { version: 2 }, { ...newLedger('n1'), history: 5 }, { ...newLedger('n1'), promise: { epoch: 1.5, kind: 'bootstrap', chosen: 'n1' } }])('%j is no ledger', (value) => {
  expect(ledgerSchema.safeParse(value).success).toBe(false)
})
