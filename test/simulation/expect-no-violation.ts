import { expect } from 'vitest'
import { describeFailure, search } from './search.ts'

/** The same schedules for everybody; new ones are for `npm run search`. Each file has a core of its own. */
const SCHEDULES = 5_000

export function expectNoViolation(first: number): void {
  const { count, failed, persons } = search(first, (done) => done < SCHEDULES)
  const left = [...persons.values()].reduce((sum, some) => sum + some, 0)
  console.log(`${count} schedules from seed ${first}; left to a person: ${left}`)
  if (failed !== null) expect.fail(describeFailure(failed))
  expect(left / count).toBeLessThan(0.01)
}
