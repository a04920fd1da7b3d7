import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readIfExists, setAside, writeFileAtomic } from '../../../src/system/files.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test.each([0o600, 0o640, 0o755])('a file is written whole with mode %o, whatever its mode was', async (mode) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  await writeFile(path, 'old')
  await chmod(path, 0o777)
  await writeFileAtomic(path, 'new', mode)
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(mode & ~process.umask())
})

test('a failure leaves the old file and no temporary one', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'taken', 'inside'), { recursive: true })
  await expect(writeFileAtomic(join(folder.path, 'taken'), 'text', 0o600)).rejects.toThrow(/cannot write .*taken/)
  expect(await readdir(folder.path)).toEqual(['taken'])
})

test('a missing folder is told of with the path and what to do', async () => {
  await using folder = await temporaryFolder()
  await expect(writeFileAtomic(join(folder.path, 'none', 'file'), 'text', 0o600)).rejects.toMatchObject({ code: 'file-write', exitCode: 5, hint: expect.any(String) })
})

test('readers see the old or the new text, never a part', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'file')
  const texts = ['a'.repeat(100_000), 'b'.repeat(50_000)]
  await writeFileAtomic(path, texts[0] ?? '', 0o600)
  const writing = (async () => {
    for (let round = 0; round < 30; round++) await writeFileAtomic(path, texts[round % 2] ?? '', 0o600)
  })()
  for (let round = 0; round < 100; round++) expect(texts).toContain(await readFile(path, 'utf8'))
  await writing
})

test('what is absent reads as null, and can not be set aside', async () => {
  await using folder = await temporaryFolder()
  expect(await readIfExists(join(folder.path, 'none'))).toBeNull()
  expect(await setAside(join(folder.path, 'none'), 'damaged', new Date())).toBeNull()
})

test('a file set aside keeps its content under a dated name', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'ledger'), 'torn')
  const aside = await setAside(join(folder.path, 'ledger'), 'damaged', new Date('2026-01-02T03:04:05.678Z'))
  expect(await readdir(folder.path)).toEqual(['ledger.damaged-2026-01-02T030405678Z'])
  expect(await readFile(aside ?? '', 'utf8')).toBe('torn')
})
