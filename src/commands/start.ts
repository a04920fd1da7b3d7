import { askAgent } from '../agent/control-client.ts'
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

  const agentRuns = (await askAgent(gear.paths.agentSocket, 'GET', '/ping')) !== null
  const files = gearServerFiles(gear.paths)
  if (!agentRuns && (await findServer(files)) === null) {
    await clearDeadServer(files)
    await preflight(gear.paths, config)
  }
  await ensureAgent(gear.paths)
  await agentDoes(context, gear, `/start?timeout=${timeout ?? config.startTimeout}${given['restored'] === true ? '&restored=yes' : ''}`)
  return 0
}
