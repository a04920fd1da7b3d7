import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { readMembers } from '../../../../src/snapshot/logical/tar-reader.ts'
import { TarWriter } from '../../../../src/snapshot/logical/tar-writer.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const LARGE = Buffer.alloc(3_000_000, 'row\n')

async function archive(): Promise<Buffer> {
  await using folder = await temporaryFolder()
  const tar = new TarWriter(createWriteStream(join(folder.path, 'a.tar')))
  await Promise.all([tar.add('head.json', Buffer.from('{}')), tar.add('empty'), tar.add(`rows/${'ñ'.repeat(64)}/${'日'.repeat(64)}/1.tsv`, LARGE, Buffer.from('end'))])
  await tar.end()
  return readFile(join(folder.path, 'a.tar'))
}

async function read(bytes: Buffer): Promise<readonly { readonly name: string; readonly text: Buffer }[]> {
  const members: { name: string; text: Buffer }[] = []
  for await (const { name, whole } of readMembers(Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)].filter(({ length }) => length > 0)))) members.push({ name, text: await whole() })
  return members
}

test('members come back in the order in which they were added', async () => {
  const members = await read(await archive())
  expect(members.map(({ name, text }) => [name.slice(0, 10), text.length])).toEqual([['head.json', 2], ['empty', 0], [`rows/${'ñ'.repeat(5)}`, LARGE.length + 3]])
})

test('an archive that was cut off anywhere is told, with the member in which it ends', async () => {
  const bytes = await archive()
  for (const length of [0, 100, 512, 600, 2_000_000, bytes.length - 1024, bytes.length - 1]) {
    await expect(read(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'archive-damaged' })
  }
  await expect(read(bytes.subarray(0, 2_000_000))).rejects.toThrow(/in rows\/ñ+\/日+\/1\.tsv, its member 3/)
})

test('a header that was changed is told', async () => {
  const bytes = await archive()
  bytes[600 + 512] = 0x41
  await expect(read(bytes)).rejects.toMatchObject({ code: 'archive-damaged' })
})

test('what the input fails with is passed on as it is', async () => {
  const bytes = await archive()
  const broken = new PassThrough()
  const reading = (async () => {
    for await (const { whole } of readMembers(broken)) await whole()
  })()
  broken.write(bytes.subarray(0, 2_000_000), () => broken.destroy(new Error('wrong key')))
  await expect(reading).rejects.toThrow('wrong key')
})

test('an output that fails ends the writing with its error', async () => {
  const tar = new TarWriter(new Writable({ write: (_, __, done) => done(new Error('disk full')) }))
  await expect(tar.add('a', LARGE)).rejects.toThrow('disk full')
})

test('the output holds the writing back', async () => {
  let pending: (() => void) | undefined
  const tar = new TarWriter(new Writable({ highWaterMark: 1, write: (_, __, done) => void (pending = done) }))
  let added = false
  const adding = tar.add('a', LARGE).then(() => (added = true))
  await expect.poll(() => pending).toBeDefined()
  expect(added).toBe(false)
  const taking = setInterval(() => pending?.(), 1)
  await adding
  clearInterval(taking)
})
