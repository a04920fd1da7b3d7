import { configOf, type Gear } from '../gear/gear.ts'
import { type Key, readKey } from '../snapshot/key.ts'
import { type Context, type Given, text } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** The gear and the folder of snapshots that a command is about. */
export async function snapshotFolder(context: Context, given: Given): Promise<{ gear: Gear; dir: string }> {
  const gear = await openedGear(context)
  return { gear, dir: text(given, 'dir') ?? configOf(gear).snapshots ?? gear.paths.snapshots }
}

export const keyOf = (given: Given): Promise<Key | null> => readKey(text(given, 'keyFile'), text(given, 'keyCommand'))
