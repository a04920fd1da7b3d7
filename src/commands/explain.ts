import { askAgent } from '../agent/control-client.ts'
import { openNode } from '../agent/daemon.ts'
import { foresee } from '../agent/foresee.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import { PHASES, renderPhases } from '../galera/cycle/phases.ts'
import { NON_PRIMARY_RULES, RULES } from '../galera/rules/decide.ts'
import { bigintAsText } from '../galera/schemas.ts'
import type { Gear } from '../gear/gear.ts'
import { lockGear } from '../gear/gear-lock.ts'
import type { Context, Given } from './command.ts'
import { renderDecision, ruleReason } from './decision-text.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  if (given['phases'] === true) {
    context.print(context.json ? JSON.stringify(PHASES) : renderPhases('text'))
    return 0
  }
  if (given['rules'] === true) {
    context.print(context.json ? JSON.stringify(rules()) : ruleText())
    return 0
  }
  const gear = await openedGear(context)
  const answer = await askAgent(gear.paths.agentSocket, 'GET', '/explain')
  const { decision, running } = answer === null ? { decision: await decideHere(gear, context), running: false } : (JSON.parse(answer) as { decision: Decision | RunningDecision | null; running: boolean })
  if (context.json) context.print(JSON.stringify({ running, decision }, bigintAsText))
  else if (decision === null) context.print(running ? 'mariadbd runs and was taken over; this agent has decided nothing yet.' : 'Nothing was decided yet.')
  else context.print(`${running ? 'The node runs; its last decision:\n' : ''}${renderDecision(decision)}`)
  return 0
}

function rules() {
  const of = (appliesTo: string, list: readonly { name: string; why: string; invariant: string }[]) => list.map(({ name, why, invariant }) => ({ appliesTo, name, why: ruleReason(why), invariant }))
  return [...of('stopped', RULES), ...of('running, not primary', NON_PRIMARY_RULES)]
}

function ruleText(): string {
  const text = (rule: { name: string; why: string; invariant: string }, at: number) => `${at + 1}. ${rule.name}\n   ${ruleReason(rule.why)}\n   Invariant: ${rule.invariant}`
  return ['A stopped node:', ...RULES.map(text), '', 'A server that runs outside a primary component:', ...NON_PRIMARY_RULES.map(text)].join('\n')
}

/** Without an agent: reads the position and asks the peers from here, and starts nothing. */
async function decideHere(gear: Gear, context: Context): Promise<Decision> {
  await using _lock = await lockGear(gear.paths, 'an agent')
  return foresee(await openNode(gear, context.log))
}
