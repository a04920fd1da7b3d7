import { expect, test, vi } from 'vitest'
import { BoundedLog } from '../../../src/system/bounded-log.ts'

test('the first time is written at once, what follows within a minute as a count', () => {
  const lines: unknown[] = []
  const log = new BoundedLog({ warn: (details: object, text: string) => lines.push([text, details]), error: () => undefined } as never)
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  for (let time = 0; time < 5_000; time++) log.say('warn', 'aborted', { why: 'x' })
  expect(lines).toEqual([['aborted', { why: 'x' }]])
  clock.mockReturnValue(60_000)
  log.say('warn', 'aborted')
  log.say('warn', 'other')
  expect(lines.slice(1)).toEqual([['aborted', { times: 5_000 }], ['other', {}]])
  clock.mockRestore()
})
