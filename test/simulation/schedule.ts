import type { Decision, RunningDecision } from '../../src/galera/decision.ts'
import { type Lists, type Setting, type Variant, World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly violation: string | null
  /** Why all wait, rightly, for a person; null where they do not. */
  readonly needsPerson: string | null
  /** Only of one that was replayed. */
  readonly trace: readonly string[]
}

const SIZES = [5, 3, 3, 5, 3, 3, 7]
const LISTS = ['equal', 'late', 'growing', 'equal'] as const satisfies readonly Lists[]

/** One schedule: a cluster of 3, 5 or 7 is made, disturbed, and must then come up whole. */
export function runSchedule(seed: number, variant: Variant = {}, traced = false): Outcome {
  const setting = settingOf(seed)
  const world = new World(seed, setting, variant, traced)
  const outcome = (violation: string | null, needsPerson: string | null = null): Outcome => ({ seed, violation, needsPerson, trace: world.trace ?? [] })
  try {
    if (setting.lists === 'equal' && world.random.chance(0.8) && !world.settle(2000)) return outcome('a fresh cluster did not come up')
    for (let step = 0; step < 1200; step++) world.disturb()
    world.note('everybody is back')
    if (world.settle(2000)) return outcome(null)
    const decisions = world.gears.map(({ state }) => state?.decision ?? null)
    const reason = reasonForPerson(decisions)
    return reason === null ? outcome(`not everybody became Primary: ${decisions.map((one) => one?.reason).join(' | ')}`) : outcome(null, reason)
  } catch (error) {
    return outcome((error as Error).message)
  }
}

function settingOf(seed: number): Setting {
  const size = SIZES[seed % SIZES.length] ?? 3
  const lists = LISTS[Math.floor(seed / SIZES.length) % LISTS.length] ?? 'equal'
  // Sometimes one node has two votes.
  const weights = Array.from({ length: size }, (_, at) => (seed % 5 === 2 && at === 1 ? 2 : 1))
  return { size, lists, policy: seed % 4 === 1 ? 'majority' : 'wait', weights, strangers: seed % 8 === 3 }
}

/** What no program may decide. */
const REASONS: readonly (readonly [string, RegExp])[] = [
  ['a member of the newest view whose name nobody knows', /\bnode [0-9a-f-]{36}\b/],
  ['acknowledged writes were lost with disks', /acknowledged writes were lost with/],
  ['only data that was left behind is left', /no other node that answers has data that counts/],
]

function reasonForPerson(decisions: readonly (Decision | RunningDecision | null)[]): string | null {
  return REASONS.find(([, said]) => decisions.some((one) => one !== null && said.test(one.reason)))?.[0] ?? null
}
