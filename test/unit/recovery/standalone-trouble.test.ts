import { expect, test } from 'vitest'
import { isRefusal } from '../../../src/recovery/standalone-trouble.ts'

test('a refused login is an answer; a closed socket and a busy moment are none', () => {
  expect(isRefusal(Object.assign(new Error(), { errno: 1045, sqlState: '28000' }))).toBe(true)
  expect(isRefusal(Object.assign(new Error(), { errno: 1040, sqlState: '08004' }))).toBe(false)
  expect(isRefusal(Object.assign(new Error(), { errno: -2, code: 'ENOENT' }))).toBe(false)
  expect(isRefusal(new Error('no answer within 10 s'))).toBe(false)
})
