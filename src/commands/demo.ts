import { UsageError } from '../errors.ts'
import { demoDown } from '../demo/down.ts'
import { demoOutage } from '../demo/outage.ts'
import { DEMO_FOLDER, prepareDemo } from '../demo/place.ts'
import { demoResume } from '../demo/resume.ts'
import { demoRows, demoStatus } from '../demo/status.ts'
import { demoUp } from '../demo/up.ts'
import { tellPeople } from '../system/screen.ts'
import type { Context, Given } from './command.ts'
import { text } from './command.ts'

const VERBS = { up: demoUp, status: demoStatus, outage: demoOutage, resume: demoResume, down: demoDown } as const

export async function run(context: Context, given: Given, args: readonly string[]): Promise<number> {
  const verb = args[0] ?? 'up'
  if (!Object.hasOwn(VERBS, verb)) throw new UsageError('bad-verb', `demo has no verb ${JSON.stringify(verb)}`, `One of ${Object.keys(VERBS).join(', ')}.`)
  const demo = await prepareDemo(text(given, 'dir') ?? DEMO_FOLDER, verb === 'up')
  // With --json stdout is for the result alone.
  const exitCode = await VERBS[verb as keyof typeof VERBS](demo, context.json ? tellPeople : context.print)
  if (context.json) context.print(JSON.stringify({ nodes: await demoRows(demo) }))
  return exitCode
}
