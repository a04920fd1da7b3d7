import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Decision } from '../../../src/galera/decision.ts'
import { type Acknowledgement, HIGHEST_EPOCH } from '../../../src/galera/acknowledgement.ts'
import { answerProposal, hasAcknowledgedAnother, type Proposal, proposalFor } from '../../../src/galera/fence.ts'
import type { Live } from '../../../src/galera/observation.ts'
import { HISTORY, OTHER_HISTORY, down, downs, fresh, live, position, unknown } from './nodes.ts'

const bootstrap = (more: Partial<Proposal> = {}): Proposal => ({ epoch: 3, kind: 'bootstrap', chosen: 'n2', from: 'n2', uuid: HISTORY, seqno: 7n, known: ['n1', 'n2'], uncounted: [], ...more })
const reform = (more: Partial<Proposal> = {}): Proposal => ({ ...bootstrap(), kind: 'reform', chosen: 'view/1', seqno: -1n, ...more })
const promised = (epoch: number, chosen: string, kind: Acknowledgement['kind'] = 'bootstrap'): Acknowledgement => ({ epoch, kind, chosen, others: [], settled: false })
const stopped = down('n1', position(5))

describe('a node acknowledges', () => {
  test.each([
    ['a bootstrap that is further than itself', stopped, null, bootstrap()],
    ['a bootstrap at the same position', stopped, null, bootstrap({ seqno: 5n })],
    ['the same choice again in the same epoch', stopped, promised(3, 'n2'), bootstrap()],
    ['another choice in a later epoch', stopped, promised(2, 'n3'), bootstrap()],
    ['the start that it is itself carrying out', { ...stopped, launched: 'reform' as const }, promised(3, 'view/1', 'reform'), reform()],
    ['a re-forming as a live server outside a primary component', live('n1', 'non-primary'), null, reform()],
    ['in a later epoch the re-forming that it is itself carrying out', { ...stopped, launched: 'reform' as const }, promised(2, 'view/1', 'reform'), reform()],
    ['a new history, having no data', down('n1', fresh), null, bootstrap({ uuid: null })],
    ['a new history of a node that has heard the earlier choice', down('n1', fresh), promised(2, 'n3'), bootstrap({ uuid: null, known: ['n1', 'n2', 'n3'] })],
    ['a bootstrap with what replaces its history', stopped, null, bootstrap({ uuid: OTHER_HISTORY, seqno: 0n, uncounted: ['n1'] })],
    ['a bootstrap although its data can not be read, since it does not count any more', down('n1', unknown), null, bootstrap({ uncounted: ['n1'] })],
    ['a bootstrap while its own data is gone', down('n1', fresh, { history: HISTORY }), null, bootstrap()],
  ])('%s', (_case, own, promise, proposal) => {
    expect(answerProposal(own, promise, proposal)).toEqual({ ack: true })
  })
})

describe('a node refuses', () => {
  test.each([
    ['anything while it is Primary', live('n1', 'primary'), null, reform()],
    ['an epoch that is over', stopped, promised(4, 'n2'), bootstrap()],
    ['a second choice in one epoch', stopped, promised(3, 'n3'), bootstrap()],
    ['a re-forming in the epoch of a bootstrap', stopped, promised(3, 'view/1'), reform()],
    ['a bootstrap beside its running server', live('n1', 'non-primary'), null, bootstrap()],
    ['a bootstrap while it starts itself', { ...stopped, launched: 'join' as const }, null, bootstrap()],
    ['another re-forming than the one it is carrying out', { ...stopped, launched: 'reform' as const }, promised(2, 'view/2', 'reform'), reform()],
    ['a bootstrap while it re-forms', { ...stopped, launched: 'reform' as const }, promised(2, 'n2', 'reform'), bootstrap()],
    ['while it does not know its position', down('n1', unknown), null, bootstrap()],
    ['a bootstrap that would leave its data behind', down('n1', position(8)), null, bootstrap()],
    ['another history', down('n1', position(5, { uuid: OTHER_HISTORY })), null, bootstrap()],
    ['a new history where it has data', stopped, null, bootstrap({ uuid: null })],
    ['a new history where it once was a member', down('n1', fresh, { history: HISTORY }), null, bootstrap({ uuid: null })],
    ['a new history of a node that has not heard the earlier choice', down('n1', fresh), promised(2, 'n3'), bootstrap({ uuid: null })],
    ['a new history after it acknowledged the repair of one', down('n1', fresh), promised(2, 'n2', 'repair'), bootstrap({ uuid: null, known: ['n1', 'n2', 'n3'] })],
    ['a new history after it acknowledged the re-forming of one', down('n1', fresh), promised(2, 'view/1', 'reform'), bootstrap({ uuid: null, known: ['n1', 'n2', 'n3'] })],
  ])('%s', (_case, own, promise, proposal) => {
    expect(answerProposal(own, promise, proposal).ack).toBe(false)
  })
})

test('whatever is proposed in whatever order: in one epoch a node acknowledges one choice only', () => {
  const proposals = fc.record({ epoch: fc.integer({ min: 1, max: 3 }), kind: fc.constantFrom('bootstrap' as const, 'reform' as const), chosen: fc.constantFrom('n1', 'n2', 'n3'), from: fc.constant('n2'), uuid: fc.option(fc.constant(HISTORY)), seqno: fc.bigInt({ min: 0n, max: 5n }), known: fc.subarray(['n1', 'n2', 'n3']), uncounted: fc.constant([]) })
  fc.assert(fc.property(fc.array(fc.tuple(downs('n1'), proposals)), (asked) => {
    let promise: Acknowledgement | null = null
    const acknowledged = new Map<number, string>()
    for (const [own, proposal] of asked) {
      if (!answerProposal(own, promise, proposal).ack) continue
      const choice = `${proposal.kind} ${proposal.chosen}`
      expect(acknowledged.get(proposal.epoch) ?? choice).toBe(choice)
      expect(proposal.epoch).toBeGreaterThanOrEqual((promise as Acknowledgement | null)?.epoch ?? 0)
      acknowledged.set(proposal.epoch, choice)
      promise = { ...proposal, others: [], settled: false }
    }
  }))
})

describe('a server that runs outside a primary component', () => {
  const running = live('n1', 'non-primary', { seqno: 7n })
  const repair = (more: Partial<Proposal> = {}): Proposal => ({ ...bootstrap(), kind: 'repair', ...more })
  test.each<[string, Live, Proposal, boolean]>([
    ['lets one that is as far be made primary', running, repair(), true],
    ['stands in no re-forming\'s way', running, reform(), true],
    ['refuses a bootstrap', running, bootstrap(), false],
    ['refuses one that is behind it', { ...running, seqno: 8n }, repair(), false],
    ['refuses another history', { ...running, uuid: OTHER_HISTORY }, repair(), false],
    ['refuses while it still applies what it received', { ...running, receiveQueue: 1 }, repair(), false],
    ['refuses while it is itself made primary', { ...running, repairing: true }, repair(), false],
    ['refuses while it is Primary', { ...running, kind: 'primary' }, repair(), false],
  ])('%s', (_case, own, proposal, ack) => {
    expect(answerProposal(own, null, proposal).ack).toBe(ack)
  })

  test('a stopped node acknowledges a repair unless it is further', () => {
    expect(answerProposal(stopped, null, repair()).ack).toBe(true)
    expect(answerProposal(down('n1', position(8)), null, repair()).ack).toBe(false)
  })
})

describe('a proposal', () => {
  const more = { reason: '', rule: '', evidence: [] }
  const again: Decision = { do: 'reform', uuid: HISTORY, members: [], viewId: 'view/1', ...more }
  const told = (promise: Acknowledgement | null) => down('n2', position(7), { promise })

  test('is needed for a bootstrap and a re-forming only, one epoch above all that were told', () => {
    expect(proposalFor({ do: 'bootstrap', uuid: HISTORY, seqno: 4n, known: ['n1'], leftBehind: ['n3'], without: [], ...more }, 'n1', null, [told(promised(1, 'n2'))])).toEqual({ epoch: 2, kind: 'bootstrap', chosen: 'n1', from: 'n1', uuid: HISTORY, seqno: 4n, known: ['n1'], uncounted: ['n3'] })
    expect(proposalFor(again, 'n1', promised(2, 'n1'), [told(null)])).toMatchObject({ kind: 'reform', chosen: 'view/1', epoch: 3 })
    expect(proposalFor({ do: 'wait', for: [], hint: '', ...more }, 'n1', null, [])).toBeNull()
  })

  test('of the re-forming that was acknowledged keeps its epoch, unless a later one was told or somebody acknowledged another choice in it', () => {
    const own = promised(3, 'view/1', 'reform')
    expect(proposalFor(again, 'n1', own, [told(own), told(promised(2, 'n3'))])?.epoch).toBe(3)
    expect(proposalFor(again, 'n1', own, [told(promised(4, 'n3'))])?.epoch).toBe(5)
    expect(proposalFor(again, 'n1', own, [told(promised(3, 'n1'))])?.epoch).toBe(4)
    expect(proposalFor({ ...again, viewId: 'view/2' }, 'n1', own, [])?.epoch).toBe(4)
  })

  test('is refused beyond the highest epoch that there can be, and not made from there', () => {
    const far = promised(HIGHEST_EPOCH, 'n2')
    expect(answerProposal(down('n1', position(7)), null, { ...bootstrap(), epoch: HIGHEST_EPOCH + 1 })).toEqual({ ack: false, reason: expect.stringContaining('higher than any can be') })
    for (const epoch of [HIGHEST_EPOCH, 2 ** 53 - 1]) expect(() => proposalFor(first, 'n1', null, [told({ ...far, epoch })])).toThrow('n2 has acknowledged epoch')
    expect(() => proposalFor(first, 'n1', far, [])).toThrow('n1 has acknowledged epoch')
    expect(proposalFor({ do: 'wait', for: [], hint: '', ...more }, 'n1', far, [])).toBeNull()
  })

  const first: Decision = { do: 'bootstrap', uuid: HISTORY, seqno: 7n, known: [], leftBehind: [], without: [], ...more }
  test.each([
    ['another was acknowledged for the first time', first, null, promised(1, 'n2'), true],
    ['another was acknowledged in a later epoch', first, promised(2, 'n1'), promised(3, 'n2'), true],
    ['the same choice was acknowledged in a later epoch, by a node that has heard others', first, promised(2, 'n2'), promised(3, 'n2'), true],
    ['a re-forming of another view was', again, promised(2, 'n2'), promised(3, 'view/2', 'reform'), true],
    ['nothing was acknowledged since', first, promised(2, 'n2'), promised(2, 'n2'), false],
    ['nothing was ever acknowledged', first, null, null, false],
    ['what it acknowledged came true', first, promised(2, 'n2'), { ...promised(2, 'n2'), settled: true }, false],
    ['it was the re-forming that it decided on', again, promised(2, 'n2'), promised(3, 'view/1', 'reform'), false],
  ] as const)('is overtaken or not where %s', (_what, decision, then, now, overtaken) => {
    expect(hasAcknowledgedAnother(decision, then, now)).toBe(overtaken)
  })
})
