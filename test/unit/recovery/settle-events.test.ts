import { expect, test } from 'vitest'
import { settledEvents } from '../../../src/recovery/settle-events.ts'

const stored = (name: string, status: string) => ({ schema: 'app', name, status })

test('an event that ran on any node when the snapshot was taken is switched on, and one that was off stays so', () => {
  const recorded = [{ schema: 'app', name: 'ran', fate: 'on' }, { schema: 'app', name: 'parked', fate: 'off' }] as const
  expect(settledEvents([stored('ran', 'SLAVESIDE_DISABLED'), stored('parked', 'SLAVESIDE_DISABLED'), stored('own', 'ENABLED')], recorded)).toEqual({
    changes: [stored('ran', 'ENABLED'), stored('parked', 'DISABLED')],
    unknown: [],
  })
})

test('what a snapshot does not tell is named, not guessed', () => {
  expect(settledEvents([stored('a', 'SLAVESIDE_DISABLED'), stored('b', 'DISABLED')], null)).toEqual({ changes: [], unknown: ['app.a'] })
  expect(settledEvents([stored('a', 'SLAVESIDE_DISABLED')], [{ schema: 'app', name: 'a', fate: 'unknown' }])).toEqual({ changes: [], unknown: ['app.a'] })
})
