import { commandAgent } from '../agent/control-client.ts'
import { agentEnding, ensureAgent } from '../agent/spawn-agent.ts'
import { OutsideError } from '../errors.ts'
import { type Gear, gearServerFiles } from '../gear/gear.ts'
import { isGearLocked } from '../gear/gear-lock.ts'
import { findServer } from '../mariadb/server.ts'
import type { Context, Given } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const timeout = timeoutOption(given)
  const gear = await openedGear(context)
  const running = await findServer(gearServerFiles(gear.paths))
  if (running !== null) await ensureAgent(gear.paths)
  const path = `/stop?timeout=${timeout ?? ''}&keep-agent=${given['keepAgent'] === true ? 'yes' : 'no'}`
  const ending = given['keepAgent'] === true ? async () => undefined : await agentEnding(gear.paths)
  if (running !== null) await agentDoes(context, gear, path)
  else {
    const outcome = (await commandAgent(gear.paths.agentSocket, path, () => undefined)) === null ? await withoutAgent(gear) : 'stopped'
    context.print(context.json ? JSON.stringify({ outcome }) : outcome)
  }
  await ending()
  return 0
}

/** Nobody answers. @throws OutsideError `no-answer` where something lives all the same */
async function withoutAgent({ paths }: Gear): Promise<string> {
  if (!(await isGearLocked(paths))) return 'already stopped'
  throw new OutsideError('no-answer', 'an agent, or a command on its data, holds this gear and does not answer', `See who it is (lsof ${paths.state}), and end it or wait for it.`)
}
