import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerSchema, bigintAsText, proposalSchema, reportSchema } from '../../../src/galera/schemas.ts'
import { HISTORY, down, fresh, observations } from './nodes.ts'

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value, bigintAsText))

test('whatever a node says of itself arrives as it was', () => {
  fc.assert(fc.property(observations('n1').filter((one) => one.kind !== 'silent'), (said) => {
    expect(reportSchema.parse(overTheWire(said))).toEqual(said)
  }))
})

test.each([null, 'down', { kind: 'silent', name: 'n1' }, { ...down('n1', fresh), promise: { epoch: -1, kind: 'reform', chosen: 'v' } }, { ...down('n1', fresh), name: '' }, { ...down('n1', fresh), data: { kind: 'position', uuid: HISTORY, seqno: '-7' } }, { ...down('n1', fresh), view: { uuid: 'x' } }])('%j is no report', (value) => {
  expect(reportSchema.safeParse(overTheWire(value)).success).toBe(false)
})

test('a proposal arrives as it was; one of an earlier version has heard nobody', () => {
  const proposal = { epoch: 1, kind: 'bootstrap', chosen: 'n1', from: 'n1', uuid: HISTORY, seqno: 2n ** 62n, known: ['n1', 'n2'], uncounted: ['n3'] }
  expect(proposalSchema.parse(overTheWire(proposal))).toEqual(proposal)
  expect(proposalSchema.parse(overTheWire({ ...proposal, known: undefined })).known).toEqual([])
  expect(proposalSchema.safeParse(overTheWire({ ...proposal, epoch: 0 })).success).toBe(false)
})

test('a refusal must say why', () => {
  expect(answerSchema.safeParse({ ack: false }).success).toBe(false)
  expect(answerSchema.safeParse({ ack: true }).success).toBe(true)
})
