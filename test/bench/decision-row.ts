import type { Down, Facts } from '../../src/galera/observation.ts'
import { bigintAsText, reportSchema } from '../../src/galera/schemas.ts'
import { decide } from '../../src/galera/rules/decide.ts'
import { down, fork, position, view } from '../unit/galera/nodes.ts'
import { pairs, type Row, time } from './measure.ts'

const NODES = 1_000
const LIMIT = 10

/** A decision on 1,000 observations: each with a position of its own, a view of 50 and the memory of 20 forks. */
export async function decisionRow(tell: (text: string) => void): Promise<Row> {
  tell('a decision on 1,000 observations')
  const names = Array.from({ length: NODES }, (_, at) => `n${at}`)
  const members = names.slice(0, 50)
  const forks = Array.from({ length: 20 }, (_, at) => fork(at, ['gone']))
  const told = names.map((name, at) => JSON.stringify(down(name, position(at), { view: view(5, members, name), forks }), bigintAsText))
  // As peers send them: no two share a value.
  const facts = (): Facts => {
    const [self, ...peers] = told.map((text) => reportSchema.parse(JSON.parse(text)) as Down)
    if (self === undefined) throw new Error('no nodes')
    return { self, peers }
  }
  const once = async () => {
    const known = facts()
    return time(() => decide(known))
  }
  await once()
  return { what: 'a decision on 1,000 observations', ...(await pairs(20, once, async () => LIMIT)), against: 'ten milliseconds', goal: 1 }
}
