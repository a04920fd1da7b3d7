import { ensureAgent } from '../agent/spawn-agent.ts'
import { configOf } from '../gear/gear.ts'
import { requireOptions } from '../gear/preflight.ts'
import type { Context, Given } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const timeout = timeoutOption(given)
  const gear = await openedGear(context)
  const config = configOf(gear)
  await requireOptions(gear.paths, config)
  await ensureAgent(gear.paths)
  await agentDoes({ ...context, print: () => undefined }, gear, '/stop?keep-agent=yes')
  await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}`)
  return 0
}
