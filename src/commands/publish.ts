import { connectionInfo, publishedEndpoint } from '../gear/endpoints.ts'
import { configOf } from '../gear/gear.ts'
import type { Context, Given } from './command.ts'
import { openedGear } from './opened-gear.ts'

/**
 * The platform cuts a value at a second `=` and hands it on within double quotes: a password that would
 * arrive as another one is left out. The URL has it percent-encoded and always arrives.
 */
const TRAVELS = /^[^\s="'$`\\!]+$/

export async function run(context: Context, given: Given): Promise<number> {
  const config = configOf(await openedGear(context))
  if (given['connectionInfo'] === true) {
    const info = connectionInfo(config)
    const values = { HOST: info.host, PORT: info.port, USERNAME: info.user, PASSWORD: info.password, URL: info.url }
    if (context.json) context.print(JSON.stringify(info))
    else for (const [name, value] of Object.entries(values).filter(([, one]) => TRAVELS.test(String(one)))) context.print(`OPENSHIFT_MARIADB_DB_${name}=${value}`)
    return 0
  }
  context.print(context.json ? JSON.stringify({ endpoint: config.own }) : publishedEndpoint(config))
  return 0
}
