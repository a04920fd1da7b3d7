import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatScript, parseScript } from '../../../../src/snapshot/logical/script.ts'

const statement = fc.oneof(fc.string(), fc.constantFrom('BEGIN SELECT 1; END', ';;', ';;\n;;1', 'SELECT 1 -- no end', '\n;;\n', '\n')).map((text) => Buffer.from(text))

test('statements come back as they were, whatever is in them', () => {
  fc.assert(fc.property(fc.array(statement), (statements) => {
    const read = parseScript(formatScript(statements))
    expect(read?.slice(read.length - statements.length).map(String)).toEqual(statements.map(String))
  }))
})

test('bytes of other character sets stay as they are', () => {
  const latin = Buffer.from([0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68])
  expect(parseScript(formatScript([latin]))?.at(-1)).toEqual(latin)
})

test('a script that was cut off, or is none, is refused', () => {
  const script = formatScript(['SELECT 1', 'SELECT 2'])
  expect(parseScript(script.subarray(0, script.length - 1))).toBeNull()
  expect(parseScript(Buffer.from('SELECT 1;'))).toBeNull()
  expect(parseScript(Buffer.alloc(0))).toBeNull()
})
