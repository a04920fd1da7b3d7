import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { ask } from '../../../src/system/ask.ts'

test('what is typed is the answer', async () => {
  const input = new PassThrough()
  const answer = ask('Name? ', { input, output: new PassThrough() })
  input.write('n1\n')
  expect(await answer).toBe('n1')
})

test('a terminal that ends instead, as by Ctrl-D, is no answer', async () => {
  const input = new PassThrough()
  const answer = ask('Name? ', { input, output: new PassThrough() })
  input.end()
  expect(await answer).toBeNull()
})
