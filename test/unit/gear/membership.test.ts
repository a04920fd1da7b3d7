import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSharedVariables } from '../../../src/config/shared-variables.ts'
import { parsePeerList } from '../../../src/galera/peer-list.ts'
import { storeMembership } from '../../../src/gear/membership.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const NOW = new Date('2026-01-01T00:00:00Z')
const store = (folder: string, list: string) => storeMembership(folder, parsePeerList(list), NOW)

test('the whole membership replaces the stored one, and who left is remembered', async () => {
  await using folder = await temporaryFolder()
  expect(await store(folder.path, 'n1/h1,n2/h2')).toEqual({ added: ['n1', 'n2'], removed: [] })
  expect(await store(folder.path, 'n1/h1,n3/h3')).toEqual({ added: ['n3'], removed: ['n2'] })
  const variables = await readSharedVariables(folder.path)
  expect(variables.get('GALERACTL_PEERS')).toBe('n1/h1/3306/4567/4568/4444/4570,n3/h3/3306/4567/4568/4444/4570')
  expect(variables.get('GALERACTL_FORMER_PEERS')).toBe('n2/h2/3306/4567/4568/4444/4570')
  expect(variables.get('GALERACTL_PEERS_TIME')).toBe(NOW.toISOString())
})

test('who comes back is former no more', async () => {
  await using folder = await temporaryFolder()
  for (const list of ['n1/h1,n2/h2', 'n1/h1', 'n1/h1,n2/moved']) await store(folder.path, list)
  expect((await readSharedVariables(folder.path)).get('GALERACTL_FORMER_PEERS')).toBe('')
})

test('nameless peers of the seed cartridge keep their ports', async () => {
  await using folder = await temporaryFolder()
  await store(folder.path, 'a.test:35501:35502:35503')
  expect((await readSharedVariables(folder.path)).get('GALERACTL_PEERS')).toBe('a.test:35501:35502:35503')
})

test('at most 64 former nodes are remembered, the latest ones', async () => {
  await using folder = await temporaryFolder()
  await store(folder.path, Array.from({ length: 70 }, (_, index) => `n${index}/h${index}`).join())
  await store(folder.path, 'n0/h0')
  const former = parsePeerList((await readSharedVariables(folder.path)).get('GALERACTL_FORMER_PEERS') ?? '')
  expect(former).toHaveLength(64)
  expect(former.at(-1)?.name).toBe('n69')
})

test('a list with a duplicate leaves everything as it was', async () => {
  await using folder = await temporaryFolder()
  await store(folder.path, 'n1/h1')
  const [first] = parsePeerList('n1/h1')
  if (first === undefined) expect.unreachable()
  await expect(storeMembership(folder.path, [first, first], NOW)).rejects.toThrow('listed twice')
  expect((await readSharedVariables(folder.path)).get('GALERACTL_PEERS')).toMatch(/^n1/)
})

test('a list spoilt by hand is no reason to refuse a new one; no temporary file stays', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'GALERACTL_PEERS'), '$(garbage)\n')
  expect(await store(folder.path, 'n1/h1')).toEqual({ added: ['n1'], removed: [] })
  expect((await readdir(folder.path)).filter((name) => name.startsWith('.'))).toEqual([])
})
