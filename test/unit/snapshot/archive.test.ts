import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { exportSnapshot, importSnapshot } from '../../../src/recovery/copy.ts'
import { archiveSource } from '../../../src/snapshot/archive.ts'
import { listSnapshots } from '../../../src/snapshot/store.ts'
import { storedSource } from '../../../src/snapshot/source.ts'
import { collect, scratch, store } from './samples.ts'

const bytes = randomBytes(20 * 1024 * 1024)
const silent = () => undefined
const forever = new AbortController().signal

async function archived(): Promise<Buffer> {
  const output = new PassThrough()
  const whole = collect(output)
  await exportSnapshot(await store(scratch(), bytes, { partBytes: 7_000_000 }), output, silent, forever)
  output.end()
  return whole
}

const stream = (buffer: Buffer) => Readable.from([buffer], { objectMode: false })

test('exported and imported, the data is the same', async () => {
  const stored = await importSnapshot(stream(await archived()), scratch(), silent, forever)
  expect((await collect(storedSource(stored).data)).equals(bytes)).toBe(true)
})

test('tar makes of an archive what a folder of snapshots holds', async () => {
  const dir = scratch()
  writeFileSync(join(dir, 'a.tar'), await archived())
  execFileSync('tar', ['-C', dir, '-xf', 'a.tar'], { cwd: dir })
  const [stored] = (await listSnapshots(dir)).snapshots
  expect(stored?.damage).toBeNull()
  expect(Buffer.concat((stored?.manifest.parts ?? []).map(({ name }) => readFileSync(join(dir, 's1', name)))).equals(bytes)).toBe(true)
})

test.each([100, 5000, 9_000_000, 20_970_000])('an archive that is cut off after %i bytes is not listed', async (length) => {
  const dir = scratch()
  await expect(importSnapshot(stream((await archived()).subarray(0, length)), dir, silent, forever)).rejects.toMatchObject({ code: 'bad-archive' })
  expect((await listSnapshots(dir)).snapshots).toEqual([])
})

test('a bit that flipped on the way is told with its part', async () => {
  const whole = await archived()
  whole[10_000_000] = (whole[10_000_000] ?? 0) ^ 4
  await expect(importSnapshot(stream(whole), scratch(), silent, forever)).rejects.toMatchObject({ code: 'damaged-part', message: expect.stringContaining('data.000002') })
})

test('anything else is no archive', async () => {
  await expect(archiveSource(stream(Buffer.from('hello'.repeat(1000))), forever)).rejects.toMatchObject({ code: 'bad-archive' })
  await expect(archiveSource(stream(Buffer.alloc(0)), forever)).rejects.toMatchObject({ code: 'bad-archive' })
})

test('a reader that ends is told; nothing waits for it for ever', async () => {
  const stored = await store(scratch(), bytes, { partBytes: 7_000_000 })
  const gone = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })) })
  await expect(exportSnapshot(stored, gone, silent, forever)).rejects.toMatchObject({ code: 'archive-output' })
})

test('whoever feeds it may never begin, or stop in the middle: an interrupt ends the wait', async () => {
  const begun = (await archived()).subarray(0, 10_000_000)
  for (const first of [Buffer.alloc(0), begun]) {
    const input = new PassThrough()
    input.write(first)
    const interrupt = new AbortController()
    const importing = importSnapshot(input, scratch(), silent, interrupt.signal)
    importing.catch(() => undefined)
    await expect.poll(() => input.readableLength).toBe(0)
    interrupt.abort(new Error('interrupted'))
    await expect(importing).rejects.toThrow('interrupted')
  }
})
