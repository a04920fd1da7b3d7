import { expect, test } from 'vitest'
import { watchSilence } from '../../../src/sst/silence.ts'

const SHORT = { silence: 60, interval: 5 }

test('as long as one sign changes, nothing is given up; the end of the work ends it without a word', async () => {
  const over = new AbortController()
  let looks = 0
  const watching = watchSilence({ ...SHORT, signs: [async () => 'still', async () => String(looks++)], signal: over.signal })
  await expect.poll(() => looks, { interval: 5 }).toBeGreaterThan(20)
  over.abort()
  await watching
})

test.each([
  ['stay as they are', async () => 'still'],
  ['can not be had', async () => Promise.reject(new Error('no answer'))],
  ['never come', () => new Promise<string>(() => undefined)],
])('signs that %s are silence', async (_, sign) => {
  await expect(watchSilence({ ...SHORT, signs: [sign], signal: new AbortController().signal })).rejects.toMatchObject({ code: 'sst-silent' })
})
