import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../../src/errors.ts'
import { parseConnectionPayload } from '../../../src/galera/connection-payload.ts'

test('the whole membership is read, newlines included', () => {
  expect(parseConnectionPayload("'gear1'='A=1\nB=2\n' 'gear2'=''")).toEqual([{ gearUuid: 'gear1', output: 'A=1\nB=2' }, { gearUuid: 'gear2', output: '' }])
})

test('an empty payload is an empty membership', () => {
  expect(parseConnectionPayload(' \n')).toEqual([])
})

test('any membership without single quotes is read back', () => {
  const entry = fc.record({ gearUuid: fc.stringMatching(/^[A-Za-z0-9_.-]{1,32}$/), output: fc.string().map((text) => text.replaceAll("'", '').trim()) })
  fc.assert(fc.property(fc.array(entry), (entries) => {
    expect(parseConnectionPayload(entries.map(({ gearUuid, output }) => `'${gearUuid}'='${output}\n'`).join(' '))).toEqual(entries)
  }))
})

test.each(["'g1'='x", "g1=x", "'g1'='x''g2'='y'", "'g 1'='x'", "'g1'='it's'", "'$(id)'='x'", "'g1'='x' trailing", "'g1'=\"x\""])('%j is refused whole', (text) => {
  expect(() => parseConnectionPayload(text)).toThrow(UsageError)
})

test('100 kB are refused', () => {
  expect(() => parseConnectionPayload(`'g1'='${'x'.repeat(100_000)}'`)).toThrow('at most')
})
