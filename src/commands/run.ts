import { startAgent } from '../agent/daemon.ts'
import { followStart } from '../agent/control-api.ts'
import { configOf, gearServerFiles } from '../gear/gear.ts'
import { preflight } from '../gear/preflight.ts'
import { findServer } from '../mariadb/server.ts'
import { becomeInit } from '../system/init.ts'
import { notifyServiceManager } from '../system/service-manager.ts'
import type { Context, Given } from './command.ts'
import { openedGear } from './opened-gear.ts'
import { givenSettings } from './setting-options.ts'

/** Agent and node in the foreground until SIGTERM; then the node is stopped gracefully. */
export async function run(context: Context, given: Given): Promise<number> {
  if (process.pid === 1) becomeInit()
  for (const [name, value] of Object.entries(await givenSettings(given))) {
    if (value !== undefined) process.env[`GALERACTL_${name.toUpperCase().replaceAll('-', '_')}`] = value
  }
  const gear = await openedGear(context)
  const config = configOf(gear)
  if ((await findServer(gearServerFiles(gear.paths))) === null) await preflight(gear.paths, config)
  const agent = await startAgent(gear, context.log)
  const asked = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => asked.resolve())
  agent.supervisor.start()
  void followStart(agent.node, Number.MAX_SAFE_INTEGER / 1e9, () => undefined).then((line) => notifyServiceManager('error' in line ? ['--status', line.error.message] : ['--ready', '--status', line.done]))
  await Promise.race([asked.promise, agent.quit])
  await notifyServiceManager(['STOPPING=1'])
  const clean = await agent.supervisor.stop()
  await agent.close()
  return clean ? 0 : 5
}
