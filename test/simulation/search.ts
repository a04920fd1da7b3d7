import { expect } from 'vitest'
import { type Outcome, runSchedule } from './schedule.ts'
import type { Variant } from './world.ts'

/** GALERACTL_SIM_SEED=N starts with this schedule, to replay it; GALERACTL_SIM_SECONDS=N searches longer, on each core. */
export const SEED = Number(process.env['GALERACTL_SIM_SEED'] ?? Date.now() % 1_000_000_000)
const SECONDS = Number(process.env['GALERACTL_SIM_SECONDS'] ?? 30)

export function expectNoViolation(first: number): void {
  let needPerson = 0
  const { count, failed } = search(first, SECONDS * 1000, {}, (outcome) => (needPerson += outcome.needsPerson ? 1 : 0))
  console.log(`${count} schedules, from seed ${first}, ${needPerson} of them left to a person`)
  if (failed !== null) expect.fail(`${failed.violation}\nreplay with GALERACTL_SIM_SEED=${failed.seed}\n${failed.trace.slice(-60).join('\n')}`)
  expect(needPerson).toBeLessThanOrEqual(Math.max(3, count / 100))
}

/** Runs schedules until one fails or the time is up. */
export function search(first: number, milliseconds: number, variant: Variant, see: (outcome: Outcome) => void = () => undefined): { count: number; failed: Outcome | null } {
  const end = performance.now() + milliseconds
  for (let count = 1; ; count++) {
    const outcome = runSchedule(first + count - 1, variant)
    see(outcome)
    if (outcome.violation !== null) return { count, failed: outcome }
    if (performance.now() >= end) return { count, failed: null }
  }
}
