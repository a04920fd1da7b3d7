import { expect, test } from 'vitest'
import { runSchedule } from './schedule.ts'
import { expectNoViolation, SEED } from './search.ts'

test('whatever befalls the nodes: one history, one primary component, every acknowledged write, and all come up again', () => expectNoViolation(SEED))

test('the same seed gives the same schedule', () => {
  expect(runSchedule(SEED).trace).toEqual(runSchedule(SEED).trace)
})
