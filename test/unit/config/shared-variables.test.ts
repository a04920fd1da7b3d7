import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSharedVariables, writeSharedVariable } from '../../../src/config/shared-variables.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a variable is a file with its value and one newline', async () => {
  await using folder = await temporaryFolder()
  await writeSharedVariable(folder.path, 'GALERACTL_PEERS', ' n1/h1 ')
  expect(await readFile(join(folder.path, 'GALERACTL_PEERS'), 'utf8')).toBe(' n1/h1 \n')
  expect((await stat(join(folder.path, 'GALERACTL_PEERS'))).mode & 0o777).toBe(0o640)
  expect([...(await readSharedVariables(folder.path))]).toEqual([['GALERACTL_PEERS', ' n1/h1 ']])
})

test('files whose names are no variable names are left alone; a missing folder has no variables', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, '.hidden'), 'x')
  await writeFile(join(folder.path, 'A-B'), 'x')
  await writeFile(join(folder.path, 'A'), 'windows\r\n')
  expect([...(await readSharedVariables(folder.path))]).toEqual([['A', 'windows']])
  expect(await readSharedVariables(join(folder.path, 'none'))).toEqual(new Map())
  expect((await readdir(folder.path)).length).toBe(3)
})

test.each([['../A', 'x'], ['A B', 'x'], ['A', 'two\nlines'], ['A', 'nul\0'], ['', 'x']])('%j can not hold %j', async (name, value) => {
  await using folder = await temporaryFolder()
  await expect(writeSharedVariable(folder.path, name, value)).rejects.toThrow("cannot hold")
  expect(await readdir(folder.path)).toEqual([])
})

test('a folder in the place of a variable is told of, not taken for a value', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'A'))
  await expect(readSharedVariables(folder.path)).rejects.toThrow('EISDIR')
})
