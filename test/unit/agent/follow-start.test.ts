import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { type Followed, followStart } from '../../../src/agent/follow-start.ts'
import type { ErrorShape } from '../../../src/errors.ts'

const LONG = 60_000
const failed = (code: string, exitCode: ErrorShape['exitCode'] = 5): ErrorShape => ({ code, exitCode, message: code, hint: '' })

/** A node that is tried again and again; `goesOn` is what is seen of it next. */
function trying(failure: ErrorShape | null) {
  const events = new EventEmitter<{ change: [] }>()
  const node = { state: { intent: 'start', phase: 'waiting', message: 'waits', decision: null, failure } as Followed['state'], synced: false, loop: { events } }
  const goesOn = (next: Partial<Followed['state']>, synced = false) => {
    node.state = { ...node.state, ...next }
    node.synced = synced
    events.emit('change')
  }
  return { node, goesOn }
}

test('an attempt that had failed before the start does not count, one failure may be a moment\'s, two in a row are told', async () => {
  const { node, goesOn } = trying(failed('before'))
  const outcome = followStart(node, LONG, () => undefined)
  goesOn({ failure: failed('first') })
  goesOn({ failure: failed('second') })
  expect(await outcome).toEqual({ error: failed('second') })
})

test('who has failed before and once more is Synced at last', async () => {
  const { node, goesOn } = trying(failed('before'))
  const outcome = followStart(node, LONG, () => undefined)
  goesOn({ failure: failed('first') })
  goesOn({ phase: 'running' }, true)
  expect(await outcome).toEqual({ done: 'Synced' })
})

test('a refusal that stands already is told', async () => {
  const { node } = trying(failed('foreign-data', 3))
  expect(await followStart(node, LONG, () => undefined)).toEqual({ error: failed('foreign-data', 3) })
})

test('a refusal is told at once', async () => {
  const { node, goesOn } = trying(null)
  const outcome = followStart(node, LONG, () => undefined)
  goesOn({ failure: failed('foreign-data', 3) })
  expect(await outcome).toEqual({ error: failed('foreign-data', 3) })
})
