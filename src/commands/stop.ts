import { commandAgent } from '../agent/control-client.ts'
import { ensureAgent } from '../agent/spawn-agent.ts'
import { gearServerFiles } from '../gear/gear.ts'
import { findServer } from '../mariadb/server.ts'
import type { Context, Given } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const timeout = timeoutOption(given)
  const gear = await openedGear(context)
  const running = await findServer(gearServerFiles(gear.paths))
  const path = `/stop?timeout=${timeout ?? ''}&keep-agent=${given['keepAgent'] === true ? 'yes' : 'no'}`
  if (running === null && (await commandAgent(gear.paths.agentSocket, path, () => undefined)) === null) {
    context.print(context.json ? JSON.stringify({ outcome: 'already stopped' }) : 'already stopped')
    return 0
  }
  if (running === null) {
    context.print(context.json ? JSON.stringify({ outcome: 'stopped' }) : 'stopped')
    return 0
  }
  await ensureAgent(gear.paths)
  await agentDoes(context, gear, path)
  return 0
}
