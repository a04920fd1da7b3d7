import { expect, test } from 'vitest'
import { UsageError } from '../../../src/errors.ts'
import { parseSince } from '../../../src/system/since.ts'

const NOW = new Date('2026-03-10T12:00:00Z')

test.each([
  ['90s', '2026-03-10T11:58:30.000Z'],
  ['15m', '2026-03-10T11:45:00.000Z'],
  ['2h', '2026-03-10T10:00:00.000Z'],
  ['7d', '2026-03-03T12:00:00.000Z'],
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
])('%s is %s', (text, moment) => {
  expect(parseSince(text, NOW).toISOString()).toBe(moment)
})

test.each(['', 'yesterday', '5', '5w', '-5m', '1.5h', '2026-13-45', '2026-03-01T99:00', '999999999d'])('%j is refused with what would do', (text) => {
  expect(() => parseSince(text, NOW)).toThrow(UsageError)
  expect(() => parseSince(text, NOW)).toThrow(/--since/)
})
