import { parse } from 'dotenv'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../../src/errors.ts'
import { gearFileChanges, lineChanges, mergeGearFile } from '../../../src/gear/gear-file.ts'

const printable = fc.string({ unit: fc.oneof(fc.constantFrom("'", '"', '`', '\\', '#', ' ', '$', '=', 'n'), fc.string({ minLength: 1, maxLength: 1 })) })

test('any printable values survive being written and read, or are refused', () => {
  fc.assert(fc.property(printable, printable, printable, (secret, options, name) => {
    const values = { secret, 'provider-options': options, name }
    try {
      const read = parse(mergeGearFile(null, values))
      expect([read['GALERACTL_SECRET'], read['GALERACTL_PROVIDER_OPTIONS'], read['GALERACTL_NAME']]).toEqual([secret, options, name])
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
    }
  }), { numRuns: 5000 })
})

test('a value that ends in a backslash does not swallow the next line', () => {
  const text = mergeGearFile(null, { name: 'a b\\', secret: '#secret' })
  expect(parse(text)).toEqual({ GALERACTL_NAME: 'a b\\', GALERACTL_SECRET: '#secret' })
})

test('what is given replaces, other lines stay, also foreign ones; again it changes nothing', () => {
  const old = 'GALERACTL_NAME=n1\nOTHER="two words"\n'
  const merged = mergeGearFile(old, { name: 'n2', address: undefined })
  expect(parse(merged)).toEqual({ GALERACTL_NAME: 'n2', OTHER: 'two words' })
  expect(mergeGearFile(merged, {})).toBe(merged)
})

test('a value with all kinds of quotes or a newline is refused', () => {
  expect(() => mergeGearFile(null, { name: `'"\`` })).toThrow("cannot be written")
  expect(() => mergeGearFile(null, { name: 'a\nb' })).toThrow('line break')
})

test('changes are told by name, secrets masked', () => {
  const before = mergeGearFile(null, { name: 'n1', secret: 'old-secret-old-secret' })
  const after = mergeGearFile(before, { name: 'n2', secret: 'new-secret-new-secret', address: 'h' })
  expect(gearFileChanges(before, after)).toEqual([
    { what: 'GALERACTL_NAME', before: 'n1', after: 'n2' },
    { what: 'GALERACTL_SECRET', before: '(secret)', after: '(secret)' },
    { what: 'GALERACTL_ADDRESS', before: null, after: 'h' },
  ])
  expect(gearFileChanges(after, after)).toEqual([])
})

test('lines of a configuration file are compared by name', () => {
  expect(lineChanges('my.cnf', null, 'a = 1')).toEqual([{ what: 'my.cnf', before: null, after: 'written' }])
  expect(lineChanges('my.cnf', 'a = 1\nb = 2\n', 'a = 1\nb = 3\nc = 4\n')).toEqual([{ what: 'my.cnf: b', before: '2', after: '3' }, { what: 'my.cnf: c', before: null, after: '4' }])
})
