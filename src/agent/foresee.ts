import { ordersOf, reportDown } from '../galera/cycle/report.ts'
import type { Decision } from '../galera/decision.ts'
import { decide } from '../galera/rules/decide.ts'
import { readPosition } from './effects.ts'
import { moment } from './moment.ts'
import type { Node } from './node.ts'

/** What a stopped node would decide if it were started now; leaves the node as it is. */
export async function foresee(node: Node): Promise<Decision> {
  const datadir = node.state.datadir ?? (await readPosition(node))
  const peers = await node.ask()
  const now = moment()
  const state = { ...node.state, datadir, intent: 'start' as const, reports: { down: null, live: null } }
  return decide({ self: reportDown(state, now), peers, orders: ordersOf(state, now.now) })
}
