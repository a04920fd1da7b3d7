import { ensureAgent } from '../agent/spawn-agent.ts'
import { configOf, gearServerFiles } from '../gear/gear.ts'
import { preflight } from '../gear/preflight.ts'
import { clearDeadServer, findServer } from '../mariadb/server.ts'
import type { Context, Given } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const timeout = timeoutOption(given)
  const gear = await openedGear(context)
  const config = configOf(gear)

  const files = gearServerFiles(gear.paths)
  await ensureAgent(gear.paths, async () => {
    if ((await findServer(files)) !== null) return
    await clearDeadServer(files)
    await preflight(gear.paths, config)
  })
  await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}${given['restored'] === true ? '&restored=yes' : ''}`)
  return 0
}
