import { awaitSocket } from '../agent/spawn-agent.ts'
import { type Gear, gearFolder, openGear } from '../gear/gear.ts'
import { becomeOwner } from '../system/privileges.ts'
import type { Context } from './command.ts'

/** Opens the chosen gear, whose agent can be asked if it lives; root acts as its owner from here on. */
export async function openedGear(context: Context, options: Readonly<Record<string, string | undefined>> = {}): Promise<Gear> {
  const gear = await ownedGear(context, options)
  await awaitSocket(gear.paths)
  return gear
}

/** As openedGear, for who does not ask the agent. */
export async function ownedGear(context: Context, options: Readonly<Record<string, string | undefined>> = {}): Promise<Gear> {
  return openGear(await becomeOwner(gearFolder(context.gear, process.env)), options)
}
