import { expect, test } from 'vitest'
import { compareSums } from '../../../src/recovery/compare-sums.ts'

const table = (name: string, rows = 3, checksum: string | null = '77') => ({ schema: 'app', name, rows, checksum })

test('the same tables with the same rows are as recorded', () => {
  expect(compareSums([table('a'), table('b', 0, null)], [table('b', 0, '5'), table('a')])).toEqual({ wrong: [], text: 'row counts and checksums of 2 tables are as recorded' })
})

test('a table that is missing, has other rows or another checksum, or is new, is told by name', () => {
  expect(compareSums([table('a'), table('b'), table('c')], [table('b', 4), table('c', 3, '78'), table('d')]).wrong).toEqual(['app.a: it is missing', 'app.b: 4 rows, not 3', 'app.c: its checksum is 78, not 77', 'app.d: it was not there when the snapshot was taken'])
})

test('where nothing was recorded, that is said', () => {
  expect(compareSums(null, [table('a')])).toMatchObject({ wrong: [], text: expect.stringContaining('not recorded') })
})
