import { appendFile, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Archiver } from '../../../src/archive/archiver.ts'
import { ArchiveReader } from '../../../src/archive/inventory.ts'
import { pruneArchive } from '../../../src/archive/prune.ts'
import { findGaps } from '../../../src/galera/coverage.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { makeBinlog, statement, TIME } from './make-binlog.ts'

const HISTORY = '03781fa6-e5e7-11f1-9041-a304ad3125bd'
const OTHER = '13781fa6-e5e7-11f1-9041-a304ad3125bd'

async function place() {
  const folder = await temporaryFolder()
  const [archive, datadir] = [join(folder.path, 'archive'), join(folder.path, 'data')]
  await mkdir(archive)
  await mkdir(datadir)
  const own = join(archive, HISTORY, 'n1')
  return {
    archive,
    datadir,
    own,
    binlog: (number: number) => join(datadir, `binlog.${String(number).padStart(6, '0')}`),
    archiver: () => new Archiver({ archive, datadir, node: 'n1', signal: new AbortController().signal }),
    names: async () => (await readdir(own)).map((name) => name.replace(/\.[0-9a-f]{8}\./, '.')).toSorted(),
    inventory: async () => (await new ArchiveReader(archive).inventory(HISTORY)).files.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** As it is while mariadbd writes it. */
const inUse = (bytes: Buffer) => {
  const open = Buffer.from(bytes)
  open[21] = 1
  return open
}

test('what is written is archived at each look, byte for byte, but for the flag of an open file', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  const bytes = inUse(makeBinlog('', ['0-1-1', '0-1-2']))
  for (let size = 0; size <= bytes.length; size += 7) {
    await writeFile(at.binlog(1), bytes.subarray(0, size))
    await archiver.look(HISTORY)
  }
  await appendFile(at.binlog(1), bytes.subarray(bytes.length - (bytes.length % 7)))
  expect(await archiver.look(HISTORY)).toEqual({ lag: 0, finished: [], needed: null })
  const [part = ''] = await readdir(at.own)
  expect(await readFile(join(at.own, part))).toEqual(makeBinlog('', ['0-1-1', '0-1-2']))
  expect(await at.inventory()).toMatchObject([{ finished: false, node: 'n1', runs: [{ first: 1n, last: 2n }] }])
})

test('with the next file a file is finished: compressed, with a note, and its log may be purged but for the last one', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  const files = [makeBinlog('', ['0-1-1']), makeBinlog('0-1-1', ['0-1-2']), makeBinlog('0-1-2', ['0-1-3'])]
  for (const [number, bytes] of files.entries()) await writeFile(at.binlog(number + 1), bytes)
  expect(await archiver.look(HISTORY)).toMatchObject({ lag: 0, finished: [expect.stringMatching(/^binlog\.000001\.[0-9a-f]{8}$/), expect.stringMatching(/^binlog\.000002/)], needed: 'binlog.000002' })
  expect(await at.names()).toEqual(['binlog.000001.json', 'binlog.000001.zst', 'binlog.000002.json', 'binlog.000002.zst', 'binlog.000003.part'])
  const [first] = await at.inventory()
  expect(zstdDecompressSync(await readFile(join(at.own, `${first?.name}.zst`)))).toEqual(files[0])
  expect(findGaps(await at.inventory())).toEqual([])
})

test('a log with none of the cluster\'s transactions is passed over', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  await writeFile(at.binlog(1), makeBinlog('', ['9001-1-1']))
  await writeFile(at.binlog(2), makeBinlog('', []))
  await writeFile(at.binlog(3), makeBinlog('', ['0-1-1']))
  expect(await archiver.look(HISTORY)).toMatchObject({ lag: 0, needed: 'binlog.000002' })
  expect(await at.names()).toEqual(['binlog.000003.part'])
})

test('before the history is known nothing is begun and nothing is lost', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  await writeFile(at.binlog(1), makeBinlog('', ['0-1-1', '0-1-2']))
  await writeFile(at.binlog(2), makeBinlog('0-1-2', ['0-1-3']))
  expect((await archiver.look(null)).lag).toBeGreaterThan(0)
  expect(await readdir(at.archive)).toEqual([])
  expect((await archiver.look(HISTORY)).lag).toBe(0)
  expect(await at.names()).toEqual(['binlog.000001.json', 'binlog.000001.zst', 'binlog.000002.part'])
})

test('a new history does not get what an earlier one began', async () => {
  await using at = await place()
  await writeFile(at.binlog(1), makeBinlog('', ['0-1-1']))
  for (const history of [HISTORY, OTHER]) {
    await using archiver = at.archiver()
    await archiver.look(history)
    await appendFile(at.binlog(1), statement('0-1-2'))
    await archiver.look(history)
  }
  expect(await readdir(at.archive)).toEqual([HISTORY])
  expect(await at.inventory()).toMatchObject([{ bytes: (await readFile(at.binlog(1))).length }])
})

/** What a crash at that moment leaves of an archive where the first file was just finished. */
const CRASHES: Readonly<Record<string, (own: string, name: string, part: Buffer) => Promise<void>>> = {
  'half of the piece that was written': (own, name, part) => leave(own, name, part.subarray(0, part.length - 11)),
  'a piece that never came to the disk': (own, name, part) => leave(own, name, Buffer.concat([part.subarray(0, 320), Buffer.alloc(part.length - 320)])),
  'more than the log has': (own, name, part) => leave(own, name, Buffer.concat([part, Buffer.alloc(100)])),
  'half of the compressed file': async (own, name, part) => {
    await leave(own, name, part)
    await writeFile(join(own, `${name}.zst.new`), 'half')
  },
  'no note yet': async (own, name, part) => {
    await rm(join(own, `${name}.json`))
    await writeFile(join(own, `${name}.part`), part)
  },
  'the copy still there': (own, name, part) => writeFile(join(own, `${name}.part`), part),
}

async function leave(own: string, name: string, part: Buffer): Promise<void> {
  for (const kind of ['zst', 'json']) await rm(join(own, `${name}.${kind}`))
  await writeFile(join(own, `${name}.part`), part)
}

test.each(Object.keys(CRASHES))('a crash that left %s: the next look mends it', async (crash) => {
  await using at = await place()
  const bytes = makeBinlog('', ['0-1-1', '0-1-2'])
  await writeFile(at.binlog(1), bytes)
  await writeFile(at.binlog(2), makeBinlog('0-1-2', ['0-1-3']))
  {
    await using archiver = at.archiver()
    await archiver.look(HISTORY)
  }
  const name = (await readdir(at.own))[0]?.replace(/\.[a-z]+$/, '') ?? ''
  await CRASHES[crash]?.(at.own, name, bytes)
  await using archiver = at.archiver()
  await archiver.look(HISTORY)
  await archiver.look(HISTORY)
  expect((await at.names()).filter((one) => !one.endsWith('.new'))).toEqual(['binlog.000001.json', 'binlog.000001.zst', 'binlog.000002.part'])
  expect(zstdDecompressSync(await readFile(join(at.own, `${name}.zst`)))).toEqual(bytes)
  expect(findGaps(await at.inventory())).toEqual([])
})

test('while the archive is gone it fails, makes no folder there, and catches up when it is back', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  await writeFile(at.binlog(1), makeBinlog('', ['0-1-1']))
  await archiver.look(HISTORY)
  await rename(at.archive, `${at.archive}.away`)
  await appendFile(at.binlog(1), statement('0-1-2'))
  await writeFile(at.binlog(2), makeBinlog('0-1-2', ['0-1-3']))
  await expect(archiver.look(HISTORY)).rejects.toMatchObject({ code: 'no-archive' })
  await rename(`${at.archive}.away`, at.archive)
  expect(await archiver.look(HISTORY)).toMatchObject({ lag: 0 })
  expect(await at.names()).toEqual(['binlog.000001.json', 'binlog.000001.zst', 'binlog.000002.part'])
  expect(findGaps(await at.inventory())).toEqual([])
})

test('a copy that somebody removed is made anew, whole', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  await writeFile(at.binlog(1), makeBinlog('', ['0-1-1']))
  await archiver.look(HISTORY)
  await rm(at.archive, { recursive: true })
  await mkdir(at.archive)
  await appendFile(at.binlog(1), statement('0-1-2'))
  await archiver.look(HISTORY)
  expect(await at.inventory()).toMatchObject([{ runs: [{ first: 1n, last: 2n }] }])
})

test('a log that is taken away before its end was seen is finished from its copy, up to its last whole transaction', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  const bytes = makeBinlog('', ['0-1-1', '0-1-2'])
  await writeFile(at.binlog(1), bytes.subarray(0, bytes.length - 5))
  await archiver.look(HISTORY)
  // As a state transfer does it: names begin anew.
  await rm(at.binlog(1))
  await writeFile(`${at.binlog(1)}.new`, makeBinlog('0-1-7', ['0-1-8'], TIME + 1))
  await rename(`${at.binlog(1)}.new`, at.binlog(1))
  await archiver.look(HISTORY)
  expect(await at.names()).toEqual(['binlog.000001.json', 'binlog.000001.part', 'binlog.000001.zst'])
  const first = (await at.inventory()).find(({ finished }) => finished)
  expect(zstdDecompressSync(await readFile(join(at.own, `${first?.name}.zst`)))).toEqual(makeBinlog('', ['0-1-1']))
  expect(findGaps(await at.inventory()).map(({ first: from, last }) => [from.seqno, last.seqno])).toEqual([[2n, 7n]])
})

test('a log that seemed to be gone, was finished, and came back, is archived to its end', async () => {
  await using at = await place()
  const bytes = makeBinlog('', ['0-1-1'])
  await writeFile(at.binlog(1), bytes)
  await using archiver = at.archiver()
  await archiver.look(HISTORY)
  await rename(at.binlog(1), join(at.datadir, 'elsewhere'))
  await writeFile(at.binlog(2), makeBinlog('', []))
  await archiver.look(HISTORY)
  expect(await at.names()).toEqual(['binlog.000001.json', 'binlog.000001.zst'])
  await rename(join(at.datadir, 'elsewhere'), at.binlog(1))
  await appendFile(at.binlog(1), statement('0-1-2'))
  await archiver.look(HISTORY)
  expect(await at.inventory()).toMatchObject([{ finished: true, runs: [{ first: 1n, last: 2n }] }])
})

test('an agent that is told to end amid a look finishes nothing that still grows', async () => {
  await using at = await place()
  await writeFile(at.binlog(1), makeBinlog('', ['0-1-1']))
  {
    await using archiver = at.archiver()
    await archiver.look(HISTORY)
  }
  await using ended = new Archiver({ archive: at.archive, datadir: at.datadir, node: 'n1', signal: AbortSignal.abort() })
  await ended.look(HISTORY)
  expect(await at.names()).toEqual(['binlog.000001.part'])
})

test('one log that can not be read holds up no other', async () => {
  await using at = await place()
  await using archiver = at.archiver()
  await writeFile(at.binlog(1), Buffer.alloc(500))
  await writeFile(at.binlog(2), makeBinlog('0-1-2', ['0-1-3']))
  await expect(archiver.look(HISTORY)).rejects.toMatchObject({ code: 'bad-binlog' })
  expect(await at.names()).toEqual(['binlog.000002.part'])
})

test('a reader that is kept sees what comes, also where a copy was cut back', async () => {
  await using at = await place()
  const reader = new ArchiveReader(at.archive)
  const bytes = makeBinlog('', ['0-1-1', '0-1-2', '0-1-3'])
  await mkdir(at.own, { recursive: true })
  const part = join(at.own, 'binlog.000001.12345678.part')
  const last = async () => (await reader.inventory(HISTORY)).files.map((file) => file.last?.seqno)
  for (const [size, seqno] of [[bytes.length, 3n], [bytes.length - 10, 2n], [bytes.length, 3n]] as const) {
    await writeFile(part, bytes.subarray(0, size))
    expect(await last()).toEqual([seqno])
  }
  await truncate(part, 100)
  expect(await last()).toEqual([])
})

test('pruning takes the oldest files of a history with their notes', async () => {
  await using at = await place()
  for (const [number, bytes] of [makeBinlog('', ['0-1-1@1']), makeBinlog('0-1-1', ['0-1-2@2']), makeBinlog('0-1-2', ['0-1-3@3'])].entries()) await writeFile(at.binlog(number + 1), bytes)
  await using archiver = at.archiver()
  await archiver.look(HISTORY)
  expect(await pruneArchive(at.archive, new Date((TIME + 2) * 1000))).toEqual([expect.stringContaining(`${HISTORY}/n1/binlog.000001.`)])
  expect(await at.names()).toEqual(['binlog.000002.json', 'binlog.000002.zst', 'binlog.000003.part'])
  expect(findGaps(await at.inventory())).toEqual([])
})
