import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EventCounts } from '../../../src/agent/event-counts.ts'
import type { EventStream } from '../../../src/agent/event-stream.ts'
import type { Node } from '../../../src/agent/node.ts'
import { watchUntold } from '../../../src/agent/untold-views.ts'
import type { NodeStatus } from '../../../src/galera/node-status.ts'
import { newLedger, recordView } from '../../../src/galera/ledger.ts'
import { view } from '../galera/nodes.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A node in a view that was told or not, whose server was just asked. */
function watched(told: boolean) {
  const state = { ledger: recordView(newLedger('n1'), view(5, ['n1', 'n2'])), status: { primary: true } as NodeStatus | null, viewKnown: true, statusAt: 0 }
  const node = { state, counts: new EventCounts(), log: { error: () => undefined } } as unknown as Node
  const added: unknown[] = []
  const stream = { changedAt: performance.now(), knows: () => told, add: async (one: unknown) => void added.push(one) }
  const watching = watchUntold(node, stream as unknown as EventStream)
  const pass = async (milliseconds: number, asked = true) => {
    for (let at = 0; at < milliseconds; at += 100) {
      await vi.advanceTimersByTimeAsync(100)
      if (asked) state.statusAt = performance.now()
    }
  }
  return { state, stream, added, pass, [Symbol.dispose]: () => watching[Symbol.dispose]() }
}

test('a view that mariadbd does not tell of in time is an event all the same', async () => {
  using one = watched(false)
  await one.pass(1_000)
  expect(one.added).toEqual([])
  await one.pass(1_500)
  expect(one.added[0]).toMatchObject({ seqno: 5n })
})

test.each([
  ['it was told', () => watched(true), async (one: ReturnType<typeof watched>) => one.pass(5_000)],
  ['the server was not asked since the last event: what is known of its view may be older', () => watched(false), async (one: ReturnType<typeof watched>) => one.pass(5_000, false)],
  ['the view is not known yet', () => watched(false), async (one: ReturnType<typeof watched>) => {
    one.state.viewKnown = false
    await one.pass(5_000)
  }],
  ['the node is in no primary component', () => watched(false), async (one: ReturnType<typeof watched>) => {
    one.state.status = null
    await one.pass(5_000)
  }],
  ['events go on to come', () => watched(false), async (one: ReturnType<typeof watched>) => {
    for (let at = 0; at < 5; at++) {
      await one.pass(1_000)
      one.stream.changedAt = performance.now() + 500
    }
  }],
])('nothing is added where %s', async (_what, make, happens) => {
  using one = make()
  await happens(one)
  expect(one.added).toEqual([])
})
