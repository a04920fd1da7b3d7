import { expect, test } from 'vitest'
import { isNamed } from '../../../src/galera/given-names.ts'

test.each([
  ['n2', ['n2'], true],
  ['n2', ['n1', 'n2'], true],
  ['n2', ['n1,n2'], true],
  ['n2', ['n22'], false],
  ['n2', [], false],
  ['x,e', ['x,e'], true],
  ['x,e', ['x', 'e'], false],
  ['e', ['x y,e'], false],
])('%s is named by %j: %s', (name, given, is) => {
  expect(isNamed(name, given)).toBe(is)
})
