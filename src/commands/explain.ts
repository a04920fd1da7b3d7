import { considerNow } from '../agent/bring-up.ts'
import { askAgent } from '../agent/control-client.ts'
import { openNode } from '../agent/daemon.ts'
import { readPosition } from '../agent/position.ts'
import type { Decision } from '../galera/decision.ts'
import { RULES } from '../galera/rules/decide.ts'
import { bigintAsText } from '../galera/schemas.ts'
import type { Gear } from '../gear/gear.ts'
import { lockFile } from '../system/lock.ts'
import type { Context, Given } from './command.ts'
import { renderDecision } from './decision-text.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  if (given['rules'] === true) {
    const rules = RULES.map(({ name, why, invariant }) => ({ name, why, invariant }))
    context.print(context.json ? JSON.stringify(rules) : rules.map((rule, at) => `${at + 1}. ${rule.name}\n   ${rule.why}\n   Invariant: ${rule.invariant}`).join('\n'))
    return 0
  }
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/explain')
  const { decision, running } = answer === null ? { decision: await decideHere(gear, context), running: false } : (JSON.parse(answer) as { decision: Decision | null; running: boolean })
  if (context.json) context.print(JSON.stringify({ running, decision }, bigintAsText))
  else if (decision === null) context.print(running ? 'mariadbd runs and was taken over; this agent has decided nothing yet.' : 'Nothing was decided yet.')
  else context.print(`${running ? 'The node runs; this was decided when it started:\n' : ''}${renderDecision(decision)}`)
  return 0
}

/** Without an agent: reads the position and asks the peers from here, and starts nothing. */
async function decideHere(gear: Gear, context: Context): Promise<Decision> {
  await using _lock = await lockFile(gear.paths.agentLock, 'an agent')
  const node = await openNode(gear, context.log)
  node.intent = 'start'
  await readPosition(node)
  return considerNow(node)
}
