import { askAgent } from '../agent/control-client.ts'
import { EXIT, OutsideError } from '../errors.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/metrics')
  if (answer === null) throw new OutsideError('no-agent', 'the agent is not running', 'Start the node with galeractl start.')
  context.print(context.json ? JSON.stringify({ metrics: answer }) : answer.trimEnd())
  return EXIT.done
}
