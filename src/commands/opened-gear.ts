import { type Gear, gearFolder, openGear } from '../gear/gear.ts'
import { becomeOwner } from '../system/privileges.ts'
import { isErrno } from '../system/files.ts'
import type { Context } from './command.ts'

/** Opens the chosen gear; root acts as its owner from here on. */
export async function openedGear(context: Context, options: Readonly<Record<string, string | undefined>> = {}): Promise<Gear> {
  const folder = gearFolder(context.gear, process.env)
  try {
    await becomeOwner(folder)
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'EACCES') && !isErrno(error, 'ENOTDIR')) throw error
  }
  return openGear(folder, options)
}
