import { type Gear, gearFolder, openGear } from '../gear/gear.ts'
import { becomeOwner } from '../system/privileges.ts'
import type { Context } from './command.ts'

/** Opens the chosen gear; root acts as its owner from here on. */
export async function openedGear(context: Context, options: Readonly<Record<string, string | undefined>> = {}): Promise<Gear> {
  return openGear(await becomeOwner(gearFolder(context.gear, process.env)), options)
}
