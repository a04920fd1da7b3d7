import { askAgent } from '../agent/control-client.ts'
import { UsageError } from '../errors.ts'
import { endpointsIn } from '../gear/endpoints.ts'
import { storeMembership } from '../gear/membership.ts'
import type { Context, Given } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** Called by the platform as `subscribe GEAR_NAME NAMESPACE GEAR_UUID "'uuid'='output' …"`. */
export async function run(context: Context, _given: Given, args: readonly string[]): Promise<number> {
  const payload = args.length === 1 ? args[0] : args[3]
  if (payload === undefined) throw new UsageError('no-membership', `${args.length} arguments, the fourth must be the membership`, "Call it as: subscribe GEAR_NAME NAMESPACE GEAR_UUID \"'uuid'='output' …\".")
  const gear = await openedGear(context)
  const membership = endpointsIn(payload)
  if (membership.length === 0) throw new UsageError('empty-membership', 'the membership is empty', 'The stored list is unchanged.')
  const change = await storeMembership(gear.paths.env, membership, new Date())
  await askAgent(gear.paths.agentSocket, 'POST', '/reload')
  const words = [change.added.length > 0 ? `added ${change.added.join(', ')}` : '', change.removed.length > 0 ? `no more listed: ${change.removed.join(', ')}` : ''].filter((one) => one !== '')
  context.print(context.json ? JSON.stringify({ peers: membership, ...change }) : `${membership.length} peers${words.length > 0 ? `; ${words.join('; ')}` : ''}`)
  return 0
}
