import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endFile, HEAD, loadFile, parseMember, rowsFolder, schemaScript, SUMMARY, tableFile, tableScript, textFile, USERS } from '../../../../src/snapshot/logical/members.ts'

const name = fc.oneof(fc.string({ minLength: 1, maxLength: 64 }), fc.constantFrom('..', '.', '/', '../../etc', 'a/b', 'a b', 'we`ird', '%2F', '-rf', 'table.json'))
const table = fc.record({ database: name, name })

test('each table has files of its own, which lead nowhere else', () => {
  fc.assert(fc.property(table, table, (one, other) => {
    expect(rowsFolder(one) === rowsFolder(other)).toBe(one.database === other.database && one.name === other.name)
    for (const path of [rowsFolder(one), tableScript(one)]) {
      expect(path.split('/').length).toBe(path.startsWith('rows/') ? 3 : 4)
      expect(path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true)
    }
  }))
})

test('members are known by their names', () => {
  fc.assert(fc.property(table, fc.nat(), fc.option(fc.integer({ min: 1, max: 9_999_999 })), (one, chunk, part) => {
    const folder = rowsFolder(one)
    expect(parseMember(textFile(folder, chunk, part))).toEqual({ kind: 'text', folder, chunk, part })
    expect(parseMember(tableFile(folder))).toEqual({ kind: 'table', folder })
    expect(parseMember(loadFile(folder))).toEqual({ kind: 'statement', folder })
    expect(parseMember(endFile(folder))).toEqual({ kind: 'end', folder })
    expect(parseMember(tableScript(one))).toEqual({ kind: 'table-script' })
  }))
  expect([HEAD, SUMMARY, USERS, schemaScript('views')].map((path) => parseMember(path)?.kind)).toEqual(['head', 'summary', 'script', 'script'])
})

test.each(['', 'rows/a/1.tsv', 'rows/a/b/1.txt', 'rows/a/b/c/1.tsv', 'schema/../x.sql', 'schema/tables/x.sql', '/head.json'])('%j is no member', (path) => {
  expect(parseMember(path)).toBeNull()
})
