import { commandAgent } from '../agent/control-client.ts'
import { ensureAgent } from '../agent/spawn-agent.ts'
import type { ForcePlan } from '../agent/force-plan.ts'
import type { Override } from '../galera/cycle/state.ts'
import { RefusedError, UsageError } from '../errors.ts'
import { NODE_NAME } from '../galera/endpoint.ts'
import { isNamed } from '../galera/given-names.ts'
import { configOf } from '../gear/gear.ts'
import { ask } from '../system/ask.ts'
import { tellPeople, visible } from '../system/screen.ts'
import { type Context, type Given, text } from './command.ts'
import { agentDoes, timeoutOption } from './gear-agent.ts'
import { openedGear } from './opened-gear.ts'

/** An operator's word: the cluster goes on from this node, although members of its newest view have not told their position. */
export async function run(context: Context, given: Given): Promise<number> {
  const timeout = timeoutOption(given)
  const reason = text(given, 'reason')?.trim() ?? ''
  if (given['force'] !== true) throw new UsageError('no-force', 'bootstrap is only for a cluster that waits for nodes that will not come back', 'See galeractl explain for what is missing; then galeractl bootstrap --force --reason "…".')
  if (reason === '' || reason.length > 500) throw new UsageError('no-reason', '--reason must say in up to 500 characters why the missing nodes are given up', 'Give --reason "…"; it is recorded with the decision.')
  const gear = await openedGear(context)
  await ensureAgent(gear.paths)
  const plan = JSON.parse((await commandAgent(gear.paths.agentSocket, `/force-plan?reason=${encodeURIComponent(reason)}`, () => undefined)) ?? 'null') as ForcePlan
  tellPeople(describe(plan))
  await confirm(plan, given['yesLose'])
  const override: Override = { lose: plan.missing, gone: plan.gone, reason }
  await agentDoes(context, gear, `/give-up?timeout=${timeout ?? configOf(gear).startTimeout}`, override)
  return 0
}

function describe(plan: ForcePlan): string {
  const names = plan.missing.join(' and ')
  const some = (one: string, more: string) => (plan.missing.length === 1 ? one : more)
  return [
    `Missing: ${names} (${plan.why}).`,
    `The cluster would go on from ${plan.name} at ${plan.uuid}:${plan.seqno}.`,
    `Acknowledged writes beyond seqno ${plan.seqno} that only ${names} may hold would be left behind.`,
    rivalry(plan),
    `When ${names} ${some('returns', 'return')}, ${some('its datadir is', 'their datadirs are')} moved aside and kept (galeractl rescued); ${some('it rejoins', 'they rejoin')} with a full SST.`,
    'Evidence:',
    ...plan.evidence.map((line) => `  - ${line}`),
  ].join('\n')
}

/** What is known of the missing nodes' right to be Primary. */
function rivalry({ missing, rest }: ForcePlan): string {
  const names = missing.join(', ')
  if (!rest.mayBePrimary) return `Galera gives ${names} no quorum without the nodes that answered; only a bootstrap by hand makes a Primary there. Power it off first.`
  const because = rest.left.length === 0 ? '' : `: ${rest.left.join(', ')} left the newest view in order, or may have`
  return `${names} may be running as a Primary right now${because}. If it is, this causes split brain: power it off first.`
}

/** As a person can paste it: a name is whatever its node says. */
const inShell = (name: string): string => (NODE_NAME.test(name) ? name : `'${visible(name).replaceAll("'", "'\\''")}'`)

/** As it is, or as it was shown. */
const isGiven = (name: string, given: readonly string[]): boolean => isNamed(name, given) || isNamed(visible(name), given)

/** Each missing node is named: by --yes-lose, or typed at a terminal. @throws RefusedError `not-confirmed` */
async function confirm(plan: ForcePlan, yesLose: Given[string]): Promise<void> {
  const unnamed = plan.missing.filter((name) => !isGiven(name, Array.isArray(yesLose) ? yesLose : []))
  if (unnamed.length === 0) return
  const hint = `Run it again with ${plan.missing.map((name) => `--yes-lose ${inShell(name)}`).join(' ')}.`
  if (!process.stdin.isTTY) throw new RefusedError('not-confirmed', `not confirmed: ${unnamed.join(', ')} would be left behind`, hint)
  for (const name of unnamed) {
    const typed = await ask(`Type ${name} to leave its data behind: `)
    if (typed === null) throw new RefusedError('not-confirmed', `not confirmed: ${name} would be left behind; nothing was done`, hint)
    if (!isGiven(name, [typed.trim()])) throw new RefusedError('not-confirmed', `${JSON.stringify(typed.slice(0, 80))} is not ${name}: nothing was done`, hint)
  }
}
