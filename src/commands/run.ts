import { type Agent, startAgent } from '../agent/daemon.ts'
import type { Node } from '../agent/node.ts'
import { turnToStart } from '../agent/spawn-agent.ts'
import { configOf, type Gear, gearFolder, gearPaths, gearServerFiles, openGear } from '../gear/gear.ts'
import { preflight } from '../gear/preflight.ts'
import { setUpGear } from '../gear/setup.ts'
import { takeFolder } from '../gear/take-folder.ts'
import { clearDeadServer, findServer } from '../mariadb/server.ts'
import { becomeInit } from '../system/init.ts'
import type { Logger } from '../system/log.ts'
import { notifyServiceManager } from '../system/service-manager.ts'
import { type Context, type Given, text } from './command.ts'
import { givenSettings } from './setting-options.ts'

/** Makes or updates the gear, then agent and node in the foreground until SIGTERM; then the node is stopped gracefully. */
export async function run(context: Context, given: Given): Promise<number> {
  if (process.pid === 1) becomeInit()
  const settings = await givenSettings(given)
  const folder = await takeFolder(gearFolder(context.gear, process.env), text(given, 'user'))
  await setUpGear(gearPaths(folder), { given: settings, namedBy: 'platform', tell: (progress) => context.log.info(progress) })
  const gear = await openGear(folder)
  const agent = await opened(gear, context.log)
  const asked = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => asked.resolve())
  tellWhenReady(agent.node)
  void agent.node.loop.start(false)
  await Promise.race([asked.promise, agent.quit])
  await notifyServiceManager(['STOPPING=1'])
  try {
    await agent.node.session[Symbol.asyncDispose]()
    return (await agent.node.loop.stop(agent.node.config.stopTimeout, true)) ? 0 : 5
  } finally {
    await agent.close()
  }
}

async function opened(gear: Gear, log: Logger): Promise<Agent> {
  const files = gearServerFiles(gear.paths)
  await using _turn = await turnToStart(gear.paths)
  if ((await findServer(files)) === null) {
    await clearDeadServer(files)
    await preflight(gear.paths, configOf(gear))
  }
  return await startAgent(gear, log)
}

/** Ready means Synced, however long that takes; until then the service manager shows what the node does. */
function tellWhenReady(node: Node): void {
  let told = ''
  const tell = () => {
    const { phase, message } = node.state
    const ready = phase === 'running'
    if (told === message || told === 'ready') return
    told = ready ? 'ready' : message
    void notifyServiceManager(ready ? ['--ready', '--status=Synced'] : [`--status=${message}`])
  }
  node.loop.events.on('change', tell)
}
