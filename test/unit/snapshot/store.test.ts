import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { storedSource } from '../../../src/snapshot/source.ts'
import { draftSnapshot, findSnapshot, listSnapshots, removeLeftovers, removeSnapshot } from '../../../src/snapshot/store.ts'
import { damagedParts } from '../../../src/snapshot/verify.ts'
import { collect, scratch, store } from './samples.ts'

const bytes = randomBytes(3500)
const ours = async () => ({ name: 'galera', mark: 'aa', histories: [] })

test('what was cut into parts is read back whole, and each part has its sum', async () => {
  const stored = await store(scratch(), bytes)
  expect(stored.manifest.parts.map((part) => part.bytes)).toEqual([1000, 1000, 1000, 500])
  expect(await collect(storedSource(stored).data)).toEqual(bytes)
  expect(await damagedParts(stored, () => undefined, new AbortController().signal)).toEqual([])
})

test('a bit that flipped is told with its part, by verify and by whoever reads it', async () => {
  const stored = await store(scratch(), bytes)
  const path = join(stored.folder, 'data.000003')
  const part = readFileSync(path)
  part[10] = (part[10] ?? 0) ^ 1
  writeFileSync(path, part)
  expect(await damagedParts(stored, () => undefined, new AbortController().signal)).toEqual(['data.000003: its content was changed'])
  await expect(collect(storedSource(stored).data)).rejects.toMatchObject({ code: 'damaged-part', message: expect.stringContaining('data.000003') })
})

test('a part that is missing or was cut is seen in the list already', async () => {
  const dir = scratch()
  await store(dir, bytes, { id: 'a' })
  await store(dir, bytes, { id: 'b' })
  rmSync(join(dir, 'a/data.000002'))
  truncateSync(join(dir, 'b/data.000004'), 12)
  expect((await listSnapshots(dir)).snapshots.map(({ damage }) => damage)).toEqual(['part data.000002 is missing', 'part data.000004 has 12 bytes, not 500'])
})

test('what is not committed is never listed, and leaves nothing', async () => {
  const dir = scratch()
  {
    await using draft = await draftSnapshot(dir, 's1')
    writeFileSync(join(draft.folder, 'data.000001'), 'x')
    expect(await listSnapshots(dir)).toEqual({ snapshots: [], unreadable: [] })
  }
  expect(readdirSync(dir)).toEqual([])
})

test('leftovers of a maker that was killed go with the next one; those of one that lives stay', async () => {
  const dir = scratch()
  mkdirSync(join(dir, '.dead.partial'))
  await using _draft = await draftSnapshot(dir, 'alive')
  expect(readdirSync(dir)).toEqual(['.alive.partial'])
  await removeLeftovers(dir)
  expect(readdirSync(dir)).toEqual(['.alive.partial'])
  await expect(draftSnapshot(dir, 'alive')).rejects.toMatchObject({ code: 'locked' })
})

test('an id is given once; latest is the newest; a removed one is gone', async () => {
  const dir = scratch()
  const stored = await store(dir, bytes)
  await expect(draftSnapshot(dir, 's1')).rejects.toMatchObject({ code: 'snapshot-exists' })
  expect((await findSnapshot(dir, 'latest', ours)).id).toBe('s1')
  await removeSnapshot(dir, stored)
  expect(readdirSync(dir)).toEqual([])
  await expect(findSnapshot(dir, 's1', ours)).rejects.toMatchObject({ code: 'no-snapshot' })
})

test('a manifest that was cut is told, not listed', async () => {
  const dir = scratch()
  const { folder } = await store(dir, bytes)
  truncateSync(join(folder, 'manifest.json'), 100)
  expect(await listSnapshots(dir)).toEqual({ snapshots: [], unreadable: ['s1'] })
  await expect(findSnapshot(dir, 's1', ours)).rejects.toMatchObject({ code: 'bad-manifest' })
})

test('latest is of the own cluster, also where another one of that name has a newer; those are told', async () => {
  const dir = scratch()
  await store(dir, bytes, { id: 's1', more: { clusterMark: 'aa' } })
  await store(dir, bytes, { id: 's2', more: { clusterMark: 'bb', endedAt: '2026-11-22T10:00:00.000Z' } })
  await store(dir, bytes, { id: 's3', more: { clusterMark: 'aa', cluster: 'other', endedAt: '2026-11-23T10:00:00.000Z' } })
  expect((await findSnapshot(dir, 'latest', ours)).id).toBe('s1')
  expect((await findSnapshot(dir, 's3', ours)).id).toBe('s3')
  rmSync(join(dir, 's1'), { recursive: true })
  await expect(findSnapshot(dir, 'latest', ours)).rejects.toMatchObject({ code: 'no-snapshot', message: expect.stringContaining('s2 (cluster galera, node n1), s3 (cluster other, node n1)') })
})
