import { connectionInfo } from '../gear/endpoints.ts'
import { configOf } from '../gear/gear.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const info = connectionInfo(configOf(await openedGear(context)))
  if (context.json) context.print(JSON.stringify(info))
  else for (const [name, value] of Object.entries(info)) context.print(`${name.padEnd(8)}  ${value}`)
  return 0
}
