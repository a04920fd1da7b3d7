import { expect, test } from 'vitest'
import { search } from './search.ts'
import { FAULTS } from './variants.ts'

/** From a seed near one that shows the fault, it is found at once; docs/proof.md has how long a search from seed 1 takes. */
const SOON = 1_500

test.each(Object.entries(FAULTS))('the invariants catch %s', (_what, variant) => {
  const { count, failed } = search(variant.from ?? 1, (done) => done < SOON, variant)
  console.log(`caught at schedule ${count}: ${failed?.violation}`)
  expect(failed?.violation).toBeTruthy()
})
