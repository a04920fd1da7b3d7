import { configOf } from '../gear/gear.ts'
import { transferUsersSql } from '../mariadb/users.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  context.print(transferUsersSql(configOf(await openedGear(context))).join('\n'))
  return 0
}
