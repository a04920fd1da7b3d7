import { appendFile } from 'node:fs/promises'
import { parseNotifyArguments } from '../galera/notify-arguments.ts'
import { formatRecord } from '../galera/notify-spool.ts'
import type { Context, Given } from './command.ts'
import { ownedGear } from './opened-gear.ts'

export async function run(context: Context, _given: Given, args: readonly string[]): Promise<number> {
  parseNotifyArguments(args)
  const gear = await ownedGear(context)
  await appendFile(gear.paths.spool, formatRecord(args), { mode: 0o640 })
  return 0
}
