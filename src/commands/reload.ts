import { commandAgent } from '../agent/control-client.ts'
import { configOf } from '../gear/gear.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  configOf(gear)
  const outcome = (await commandAgent(gear.paths.agentSocket, '/reload', () => undefined)) ?? 'no agent runs; it reads its settings when it starts'
  context.print(context.json ? JSON.stringify({ outcome }) : outcome)
  return 0
}
