import { type Outcome, runSchedule } from './schedule.ts'
import type { Variant } from './world.ts'

export interface Found {
  readonly count: number
  /** The first that fails, replayed with what happened in it. */
  readonly failed: Outcome | null
  /** Why schedules were left to a person, and how many. */
  readonly persons: ReadonlyMap<string, number>
}

/** Runs schedules from the seed `first` on, until one fails or `goesOn` says no. The same seeds give the same to everybody. */
export function search(first: number, goesOn: (count: number) => boolean, variant: Variant = {}): Found {
  const persons = new Map<string, number>()
  let count = 0
  while (goesOn(count)) {
    const outcome = runSchedule(first + count, variant)
    count++
    if (outcome.violation !== null) return { count, failed: runSchedule(outcome.seed, variant, true), persons }
    const { needsPerson: why } = outcome
    if (why !== null) persons.set(why, (persons.get(why) ?? 0) + 1)
  }
  return { count, failed: null, persons }
}

/** So many of what happened last are shown. */
const SHOWN = 60

export const describeFailure = ({ seed, violation, trace }: Outcome): string =>
  `${violation}\nreplay with npm run search -- --replay ${seed}\n${trace.slice(-SHOWN).join('\n')}`
