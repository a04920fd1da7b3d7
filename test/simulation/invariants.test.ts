import { expect, test } from 'vitest'
import { expectNoViolation, search, SEED } from './search.ts'
import { FAULTS } from './variants.ts'

test.each(Object.entries(FAULTS))('the invariants catch %s', (_what, variant) => {
  const { count, failed } = search(variant.from ?? 1, 120_000, variant)
  console.log(`caught at schedule ${count}: ${failed?.violation}`)
  expect(failed?.violation).toBeTruthy()
})

test('they hold on the other core too', () => expectNoViolation(SEED + 500_000_000))
