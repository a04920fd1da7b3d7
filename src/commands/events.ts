import { readEvents } from '../agent/event-follow.ts'
import { EXIT } from '../errors.ts'
import { parseSince } from '../system/since.ts'
import { type Context, type Given, text } from './command.ts'
import { EVENT_HEAD, eventLine } from './event-line.ts'
import { openedGear } from './opened-gear.ts'

/** Reads the log itself, so it needs no agent. */
export async function run(context: Context, given: Given): Promise<number> {
  const since = text(given, 'since')
  const from = since === undefined ? '' : parseSince(since, new Date()).toISOString()
  const { paths } = await openedGear(context)
  const ended = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => ended.abort())
  // Nobody reads along any more.
  process.stdout.on('error', () => ended.abort())
  let first = true
  for await (const event of readEvents(paths.events, given['follow'] === true ? ended.signal : null)) {
    if (ended.signal.aborted) break
    if (event.time < from) continue
    if (first && !context.json) context.print(EVENT_HEAD)
    first = false
    context.print(context.json ? JSON.stringify(event) : eventLine(event))
  }
  if (first && !context.json && !ended.signal.aborted) context.print(since === undefined ? 'no events yet' : 'no events since then')
  return EXIT.done
}
