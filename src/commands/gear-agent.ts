import { commandAgent } from '../agent/control-client.ts'
import { OutsideError, UsageError } from '../errors.ts'
import { type Gear } from '../gear/gear.ts'
import { tellPeople } from '../system/screen.ts'
import type { Context, Given } from './command.ts'
import { text } from './command.ts'

/** Seconds of --timeout as milliseconds; undefined where not given. @throws UsageError `bad-timeout` */
export function timeoutOption(given: Given): number | undefined {
  const value = text(given, 'timeout')
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(value) || seconds <= 0) throw new UsageError('bad-timeout', `--timeout ${JSON.stringify(value)} is no number of seconds`, 'Give a number from 0.001 to 999999, such as --timeout 60.')
  return seconds * 1000
}

/** Has the agent do something, with its progress on stderr and the outcome on stdout. */
export async function agentDoes(context: Context, gear: Gear, path: string, message?: unknown): Promise<void> {
  let last = ''
  const done = await commandAgent(gear.paths.agentSocket, path, (progress) => {
    if (progress !== last && progress !== '' && progress !== 'stopped') tellPeople(progress)
    last = progress
  }, message)
  if (done === null) throw new OutsideError('no-agent', 'the agent does not answer', `Read ${gear.paths.agentLog}.`)
  context.print(context.json ? JSON.stringify({ outcome: done }) : done)
}
