import { expect, test } from 'vitest'
import { findings, type NodeAnswer } from '../../../src/galera/functioning.ts'
import { live, silent, view } from './nodes.ts'

const answer = (name: string, certificateDays: number | null): NodeAnswer => ({
  name,
  observation: { kind: 'silent', name, reason: 'timeout', serving: false },
  reply: { found: true, error: null, variables: {}, clusterSize: 3, weight: 1, clusterWeight: null, certificateDays, alarms: [], votes: [] },
})
const certificates = (...answers: NodeAnswer[]) => findings(answers, null).filter(({ what }) => what.includes('certificate'))

test('a certificate that ends within 30 days is a warning, one that has ended an error', () => {
  expect(certificates(answer('n1', 30), answer('n2', 29), answer('n3', -1), answer('n4', null))).toMatchObject([
    { level: 'warning', what: 'the certificate of n2 ends in 29 days' },
    { level: 'error', what: expect.stringContaining('the certificate of n3 has expired') },
  ])
})

const primary = (name: string, names: readonly string[], clusterWeight: number | null): NodeAnswer => ({
  name,
  observation: live(name, 'primary', { view: { ...view(9, names, name), weight: null } }),
  reply: { found: true, error: null, variables: {}, clusterSize: names.length, weight: 1, clusterWeight, certificateDays: null, alarms: [], votes: [] },
})
const hung: NodeAnswer = { name: 'n3', observation: silent('n3', { reason: 'timeout' }), reply: null }
const votes = (...answers: NodeAnswer[]) => findings(answers, null).filter(({ what }) => what.includes('vote'))

test.each([
  ['the view\'s, as Galera tells, also those of a member whose agent does not answer', [primary('n1', ['n1', 'n2', 'n3'], 3), primary('n2', ['n1', 'n2', 'n3'], 3), hung], { level: 'ok', what: '3 votes, an odd number' }],
  ['the view\'s with those of an arbitrator', [primary('n1', ['n1', 'n2'], 3), primary('n2', ['n1', 'n2'], 3)], { level: 'ok', what: '3 votes, an odd number' }],
  ['one for each member that does not answer, where Galera does not tell', [primary('n1', ['n1', 'n2', 'n3'], null), primary('n2', ['n1', 'n2', 'n3'], null), hung], { level: 'ok', what: '3 votes, an odd number' }],
  ['an even number', [primary('n1', ['n1', 'n2', 'n3'], 4), primary('n2', ['n1', 'n2', 'n3'], 4), hung], { level: 'warning', what: '4 votes: an even number can split into halves of which neither goes on' }],
  ['too few', [primary('n1', ['n1', 'n2'], 2), primary('n2', ['n1', 'n2'], 2)], { level: 'error', what: '2 votes: the loss of one node stops the cluster' }],
] as const)('votes are %s', (_what, answers, finding) => {
  expect(votes(...answers)).toMatchObject([finding])
})

test('where no node is in a primary component nothing is said of votes', () => {
  expect(votes(hung)).toEqual([])
})
