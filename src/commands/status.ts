import { askAgent } from '../agent/control-client.ts'
import { openNode } from '../agent/daemon.ts'
import { statusReport, type StatusReport } from '../agent/status-report.ts'
import { EXIT } from '../errors.ts'
import { bigintAsText } from '../galera/schemas.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'
import { renderStatus } from './status-screen.ts'

/** 0 Synced, 4 starting or waiting, 5 stopped or failed. */
export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/status')
  const report = answer === null ? await statusReport(await openNode(gear, context.log), false) : (JSON.parse(answer) as StatusReport)
  context.print(context.json ? JSON.stringify(report, bigintAsText) : renderStatus(report))
  if (report.synced) return EXIT.done
  return report.agent && report.phase !== 'stopped' ? EXIT.notYet : EXIT.outside
}
