import { startAgent } from '../agent/daemon.ts'
import { configOf } from '../gear/gear.ts'
import type { Context } from './command.ts'
import { ownedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const gear = await ownedGear(context)
  configOf(gear)
  const agent = await startAgent(gear, context.log)
  const ended = Promise.withResolvers<void>()
  // The agent may die at any moment and mariadbd goes on; whoever ends it in order gets the same.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => ended.resolve())
  await Promise.race([agent.quit, ended.promise])
  await agent.close()
  return 0
}
