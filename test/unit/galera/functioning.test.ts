import { expect, test } from 'vitest'
import { findings, type NodeAnswer } from '../../../src/galera/functioning.ts'

const answer = (name: string, certificateDays: number | null): NodeAnswer => ({
  name,
  observation: { kind: 'silent', name, reason: 'timeout', serving: false },
  reply: { found: true, error: null, variables: {}, clusterSize: 3, weight: 1, certificateDays },
})
const certificates = (...answers: NodeAnswer[]) => findings(answers, null).filter(({ what }) => what.includes('certificate'))

test('a certificate that ends within 30 days is a warning, one that has ended an error', () => {
  expect(certificates(answer('n1', 30), answer('n2', 29), answer('n3', -1), answer('n4', null))).toMatchObject([
    { level: 'warning', what: 'the certificate of n2 ends in 29 days' },
    { level: 'error', what: expect.stringContaining('the certificate of n3 has expired') },
  ])
})
