import { askAgent } from '../agent/control-client.ts'
import { openNode } from '../agent/daemon.ts'
import { statusReport, type StatusReport } from '../agent/status-report.ts'
import { EXIT } from '../errors.ts'
import { bigintAsText } from '../galera/schemas.ts'
import type { Node } from '../agent/node.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'
import { renderStatus } from './status-screen.ts'

/** 0 Synced, 3 an alarm that needs a person, 4 starting or waiting, 5 stopped or failed. */
export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/status')
  const report = answer === null ? await withoutAgent(await openNode(gear, context.log)) : (JSON.parse(answer) as StatusReport)
  context.print(context.json ? JSON.stringify(report, bigintAsText) : renderStatus(report))
  if (report.alarms.length > 0) return EXIT.refused
  if (report.agent && report.synced) return EXIT.done
  return report.agent && report.phase !== 'stopped' ? EXIT.notYet : EXIT.outside
}

async function withoutAgent(node: Node): Promise<StatusReport> {
  try {
    return await statusReport(node, false)
  } finally {
    await node.session[Symbol.asyncDispose]()
  }
}
