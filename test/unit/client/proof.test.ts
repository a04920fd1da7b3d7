import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Proof } from '../../../src/client/nodes/proof.ts'
import type { Link } from '../../../src/client/nodes/link.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** Whose causal read ends as `answer` does. */
function proofOf(answer: () => Promise<unknown>) {
  const asked: string[] = []
  const ended: string[] = []
  const link = { ready: Promise.resolve(), rows: (sql: string) => (asked.push(sql), answer()), dead: null, close: () => ended.push('in order'), kill: () => ended.push('at once') } as unknown as Link
  return { asked, ended, proof: new Proof(() => link) }
}

test('is given by an answer, and by an error not', async () => {
  expect(await proofOf(() => Promise.resolve([])).proof.ask()).toBe(true)
  expect(await proofOf(() => Promise.reject(new Error('1047'))).proof.ask()).toBe(false)
})

test('however often it is asked, the server has one question to answer', async () => {
  const { asked, proof } = proofOf(() => new Promise(() => undefined))
  for (let look = 0; look < 5; look++) void proof.ask()
  await Promise.resolve()
  expect(asked).toHaveLength(1)
})

test('its connection does not outlive the pool, though the question may wait for long', async () => {
  const { asked, ended, proof } = proofOf(() => new Promise(() => undefined))
  void proof.ask()
  proof.close()
  expect(ended).toEqual(['at once'])
  expect([await proof.ask(), asked.length]).toEqual([false, 1])
})

test('who says Synced for 10 s is believed, though a long ALTER lets the question wait; who was not Synced meanwhile begins anew', async () => {
  const { proof } = proofOf(() => new Promise(() => undefined))
  void proof.ask()
  vi.advanceTimersByTime(10_000)
  expect(await proof.ask()).toBe(true)
  proof.forget()
  const asked = proof.ask()
  expect(await Promise.race([asked, Promise.resolve('waits')])).toBe('waits')
})
