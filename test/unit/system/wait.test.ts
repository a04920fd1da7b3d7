import { expect, test } from 'vitest'
import { OutsideError } from '../../../src/errors.ts'
import { waitFor, within } from '../../../src/system/wait.ts'

test('waits until the look gives a value', async () => {
  let looks = 0
  expect(await waitFor('three looks', async () => (++looks === 3 ? 'seen' : undefined), { timeout: 5000, interval: 1 })).toBe('seen')
  expect(looks).toBe(3)
})

test('looks at least once, and names the condition when time is up', async () => {
  await expect(waitFor('n2 to be Synced', async () => undefined, { timeout: 20, interval: 1 })).rejects.toMatchObject({ code: 'timeout', exitCode: 4, message: 'Timed out after 0.02 s waiting for n2 to be Synced' })
  expect(await waitFor('now', async () => 0, { timeout: 0 })).toBe(0)
})

test('an error of the look ends the wait', async () => {
  await expect(waitFor('x', async () => Promise.reject(new Error('the server ended')), { timeout: 5000 })).rejects.toThrow('the server ended')
})

test('an abort ends the wait at once, with its reason', async () => {
  const abort = new AbortController()
  const waiting = waitFor('never', async () => undefined, { timeout: 60_000, interval: 30_000, signal: abort.signal })
  const bounded = within(new Promise(() => undefined), 60_000, abort.signal)
  const reason = new OutsideError('ended', 'ended by SIGINT', '')
  setTimeout(() => abort.abort(reason), 10)
  await expect(waiting).rejects.toBe(reason)
  await expect(bounded).rejects.toBe(reason)
})
