import { askAgent } from '../agent/control-client.ts'
import type { CheckReport } from '../agent/check-cluster.ts'
import { EXIT, OutsideError } from '../errors.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

const MARK = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' } as const

export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/check')
  if (answer === null) throw new OutsideError('no-agent', 'the agent is not running', 'Start the node with galeractl start.')
  const report = JSON.parse(answer) as CheckReport
  if (context.json) context.print(JSON.stringify(report))
  else {
    for (const { level, what, mend } of report.findings) context.print(`${MARK[level]}  ${what}${mend === '' ? '' : `\n         → ${mend}`}`)
    context.print(report.healthy ? 'The cluster is functioning.' : 'The cluster is NOT functioning as it should.')
  }
  return report.healthy ? EXIT.done : EXIT.outside
}
