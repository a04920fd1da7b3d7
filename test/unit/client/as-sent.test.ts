import { raw } from 'mysql2'
import { expect, test } from 'vitest'
import { callOf } from '../../../src/client/facade/arguments.ts'
import { asSent, textOf } from '../../../src/client/facade/as-sent.ts'
import { statementOf } from '../../../src/client/sql/classified.ts'

const kindOf = (values: unknown, sql = 'SELECT a FROM t WHERE b = ?', config: object = {}) => statementOf(asSent(callOf('query', sql, values), config).work).kind

test.each([
  [[raw('mine()')]],
  [[1, [2, raw('mine()')]]],
  [[1, [[3, raw('mine()')]]]],
  [[1, new Set([raw('mine()')])]],
])('a value that is SQL (%j) makes of a read what it is', (values) => expect(kindOf(values, 'SELECT a FROM t WHERE b = ? AND c IN (?)')).toBe('write'))

test('by name too, and by a format of the application; what can not be put in is told when it is sent', () => {
  expect(kindOf({ b: raw('mine()') }, 'SELECT :b', { namedPlaceholders: true })).toBe('write')
  expect(kindOf([1], 'SELECT ?', { queryFormat: (sql: string) => `${sql} FOR UPDATE` })).toBe('write')
  expect(kindOf([1], 'SELECT ?', { queryFormat: () => { throw new Error('no') } })).toBe('read')
})

test.each([[[1, 'mine()']], [[new Date(0), Buffer.from('mine()')]], [[{ c: 'x' }]], [undefined], [[null]]])('all else (%j) changes nothing, and no text is made for it', (values) => {
  const { work } = asSent(callOf('query', 'SELECT a FROM t WHERE b = ?', values), {})
  expect([work.text, statementOf(work).kind]).toEqual([undefined, 'read'])
})

test('the text is what mysql2 sends', () => {
  expect(textOf({ protocol: 'query', options: { sql: 'SELECT ?, ?', values: ["it's", null] } }, {})).toBe("SELECT 'it\\'s', NULL")
  expect(textOf({ protocol: 'execute', options: { sql: 'SELECT ?', values: [1] } }, {})).toBe('SELECT ?')
})
