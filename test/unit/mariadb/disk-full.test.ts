import { expect, test } from 'vitest'
import { diskFullLine } from '../../../src/mariadb/disk-full.ts'

test.each([
  '2026-11-28 20:54:06 2 [ERROR] InnoDB: preallocating 2097152 bytes for file ./app/t.ibd failed with error 28',
  '2026-11-28 20:54:06 2 [ERROR] mariadbd: Disk full (/tmp/#sql); waiting for someone to free some space... (errno: 28 "No space left on device")',
  "2026-11-28 20:54:06 4 [ERROR] Slave SQL: Could not execute; The table 't' is full, Error_code: 1114",
  '2026-11-28 20:54:06 0 [ERROR] InnoDB: Operating system error number 28 in a file operation.',
  'mbstream: Error writing file \'./ibdata1\' (errno: 28 "No space left on device")',
])('%s: the disk is full', (line) => {
  expect(diskFullLine(`a\n${line}\nb\n`)).toBe(line.replace(/^2026-11-28 20:54:06 \d /, ''))
})

test.each(['', "InnoDB: Setting file './ibtmp1' size to 12.000MiB. Physically writing the file full; Please wait ...", '[ERROR] InnoDB: page 28', 'error 280'])('%j: it is not', (line) => {
  expect(diskFullLine(line)).toBeNull()
})
