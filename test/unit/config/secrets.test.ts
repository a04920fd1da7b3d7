import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { derive, derivePassword, newSecret } from '../../../src/config/secrets.ts'

test('every gear arrives at the same key, and another one for each purpose and secret', () => {
  fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (secret, purpose, other) => {
    expect(derive(secret, purpose)).toEqual(derive(secret, purpose))
    if (purpose !== other) expect(derive(secret, purpose)).not.toEqual(derive(secret, other))
    if (secret !== other) expect(derive(secret, purpose)).not.toEqual(derive(other, purpose))
  }))
})

test('passwords are 43 plain characters and differ by user', () => {
  expect(derivePassword('s', 'a')).toMatch(/^[\w-]{43}$/)
  expect(derivePassword('s', 'a')).not.toBe(derivePassword('s', 'b'))
})

test('no two new secrets are equal, and each passes as a setting', () => {
  const secrets = new Set(Array.from({ length: 100 }, newSecret))
  expect(secrets.size).toBe(100)
  for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/)
})
