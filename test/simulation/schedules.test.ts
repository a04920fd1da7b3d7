import { expect, test } from 'vitest'
import { expectNoViolation } from './expect-no-violation.ts'
import { runSchedule } from './schedule.ts'

test('whatever befalls the nodes: one history, one primary component, every acknowledged write, and all come up again', () => expectNoViolation(1))

test('the same seed gives the same schedule', () => {
  const replayed = () => runSchedule(7, {}, true)
  expect(replayed().trace.length).toBeGreaterThan(100)
  expect(replayed()).toEqual(replayed())
})
