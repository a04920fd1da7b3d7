import { describe, expect, test } from 'vitest'
import { type Outcome, runSchedule } from './schedule.ts'
import { FAULTS } from './variants.ts'
import type { Variant } from './world.ts'

const SEED = Number(process.env['GALERACTL_SIM_SEED'] ?? Date.now() % 1_000_000_000)
const MILLISECONDS = Number(process.env['GALERACTL_SIM_SECONDS'] ?? 20) * 1000

test('whatever befalls the nodes: one history, one primary component, every acknowledged write, and all come up again', () => {
  let needPerson = 0
  const { count, failed } = search(SEED, MILLISECONDS, {}, (outcome) => (needPerson += outcome.needsPerson ? 1 : 0))
  console.log(`${count} schedules, seed ${SEED}, ${needPerson} of them left to a person`)
  if (failed !== null) expect.fail(`${failed.violation}\nreplay with GALERACTL_SIM_SEED=${failed.seed}\n${failed.trace.slice(-60).join('\n')}`)
  expect(needPerson).toBeLessThanOrEqual(Math.max(3, count / 100))
})

test('the same seed gives the same schedule', () => {
  expect(runSchedule(SEED).trace).toEqual(runSchedule(SEED).trace)
})

describe('the invariants catch', () => {
  test.each(Object.entries(FAULTS))('%s', (_what, variant) => {
    const { count, failed } = search(variant.from ?? 1, 120_000, variant)
    console.log(`caught at schedule ${count}: ${failed?.violation}`)
    expect(failed?.violation).toBeTruthy()
  })
})

/** Runs schedules from a seed on until one fails or the time is up. */
function search(seed: number, milliseconds: number, variant: Variant, see: (outcome: Outcome) => void = () => undefined): { count: number; failed: Outcome | null } {
  const end = performance.now() + milliseconds
  for (let count = 1; ; count++) {
    const outcome = runSchedule(seed + count - 1, variant)
    see(outcome)
    if (outcome.violation !== null) return { count, failed: outcome }
    if (performance.now() >= end) return { count, failed: null }
  }
}
