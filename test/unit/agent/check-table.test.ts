import { expect, test } from 'vitest'
import { leftBehind, testTable } from '../../../src/agent/check-table.ts'
import { checkRequestSchema } from '../../../src/agent/check-row.ts'

const NOW = Date.UTC(2026, 10, 28)
const table = (minutesAgo: number) => testTable(NOW - minutesAgo * 60_000, 'a1b2c3d4e5f6')

test('a test table of a check that did not end is left behind after an hour, whatever an earlier version called it', () => {
  expect(leftBehind([table(1), table(-2), table(61), 'check_a1b2c3d4e5f6', 'somebodys'], NOW)).toEqual([table(61), 'check_a1b2c3d4e5f6'])
})

test('peers of every version take its name', () => {
  expect(checkRequestSchema.safeParse({ table: table(0), token: 'a'.repeat(32) }).success).toBe(true)
})
