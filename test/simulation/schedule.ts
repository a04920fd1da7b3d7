import { type Lists, type Variant, World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly violation: string | null
  /** All wait, rightly, for a person's word. */
  readonly needsPerson: boolean
  readonly trace: readonly string[]
}

const SIZES = [5, 3, 3, 5, 3, 3, 7]
const LISTS = ['equal', 'late', 'growing', 'equal'] as const satisfies readonly Lists[]

/** One schedule: a cluster of 3, 5 or 7 is made, disturbed, and must then come up whole. */
export function runSchedule(seed: number, variant: Variant = {}): Outcome {
  const size = SIZES[seed % SIZES.length] ?? 3
  const lists = LISTS[Math.floor(seed / SIZES.length) % LISTS.length] ?? 'equal'
  const world = new World(seed, size, lists, seed % 4 === 1 ? 'majority' : 'wait', variant)
  const outcome = (violation: string | null, needsPerson = false): Outcome => ({ seed, violation, needsPerson, trace: world.trace })
  try {
    if (lists === 'equal' && world.random.chance(0.8) && !world.settle(2000)) return outcome('a fresh cluster did not come up')
    for (let step = 0; step < 1200; step++) world.disturb()
    world.trace.push('everybody is back')
    if (world.settle(2000)) return outcome(null)
    const waits = world.gears.map((gear) => gear.ledger.decisions.at(-1)?.reason ?? '')
    return isForPerson(waits) ? outcome(null, true) : outcome(`not everybody became Primary: ${waits.join(' | ')}`)
  } catch (error) {
    return outcome((error as Error).message)
  }
}

/** What no program may decide: the newest view has a member whose name nobody knows, or only data that was left behind is left. */
function isForPerson(waits: readonly string[]): boolean {
  return waits.some((reason) => /\bnode [0-9a-f-]{36}\b/.test(reason) || reason.includes('acknowledged writes were lost with') || reason.includes('no other node that answers has data that counts'))
}
