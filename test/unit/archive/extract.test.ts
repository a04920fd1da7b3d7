import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { AppliedLines } from '../../../src/archive/applied.ts'
import { Archiver } from '../../../src/archive/archiver.ts'
import { extract } from '../../../src/archive/extract.ts'
import { ArchiveReader } from '../../../src/archive/inventory.ts'
import type { ReplayTarget } from '../../../src/galera/replay-plan.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { makeBinlog, statement, TIME } from './make-binlog.ts'

const HISTORY = '03781fa6-e5e7-11f1-9041-a304ad3125bd'
const LATEST: ReplayTarget = { kind: 'latest' }
const time = (seconds: number): ReplayTarget => ({ kind: 'time', at: new Date((TIME + seconds) * 1000) })

/** Times go back by a second: another node's clock. */
const STATEMENTS = ['0-1-1@1', '0-1-2@3', '9001-1-1@3', '0-1-3@2', '0-1-5@4', '0-1-6@3']

async function place() {
  const folder = await temporaryFolder()
  const [archive, datadir] = [join(folder.path, 'archive'), join(folder.path, 'data')]
  await mkdir(archive)
  await mkdir(datadir)
  await writeFile(join(datadir, 'binlog.000001'), makeBinlog('', STATEMENTS))
  await writeFile(join(datadir, 'binlog.000002'), makeBinlog('0-1-6', ['0-1-7']))
  await using archiver = new Archiver({ archive, datadir, node: 'n1', signal: new AbortController().signal })
  await archiver.look(HISTORY)
  const own = join(archive, HISTORY, 'n1')
  const file = (await new ArchiveReader(archive).inventory(HISTORY)).files.find(({ finished }) => finished)
  if (file === undefined) throw new Error('nothing was finished')
  const path = join(folder.path, 'unpacked')
  return { own, file, path, take: (after: bigint, to: bigint, target = LATEST) => extract(own, { file, after, to }, target, path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const bytesOf = (statements: readonly string[]) => Buffer.concat(statements.map(statement))

test.each([
  [0n, 6n, LATEST, STATEMENTS, false],
  [2n, 5n, LATEST, ['0-1-3@2', '0-1-5@4'], false],
  [0n, 4n, LATEST, STATEMENTS.slice(0, 4), false],
  [0n, 6n, time(4), STATEMENTS.slice(0, 4), true],
  [0n, 6n, time(3), ['0-1-1@1'], true],
  [2n, 6n, time(3), ['0-1-3@2'], true],
  [0n, 6n, time(9), STATEMENTS, false],
] as const)('behind %i, up to %i, for %o: from the first byte of the first to the last byte of the last', async (after, to, target, statements, reached) => {
  await using at = await place()
  const part = await at.take(after, to, target)
  expect((await readFile(at.path)).subarray(part.start)).toEqual(bytesOf(statements))
  expect(part.reached).toBe(reached)
  expect(part.groups).toBe(statements.filter((one) => one.startsWith('0-')).length)
})

test('the transaction before the first one is told, to compare it with the snapshot\'s', async () => {
  await using at = await place()
  expect((await at.take(2n, 6n)).before).toMatchObject({ gtid: { seqno: 2n }, time: TIME + 3 })
  expect((await at.take(0n, 6n)).before).toBeNull()
})

test('where nothing is wanted, nothing is left', async () => {
  await using at = await place()
  expect(await at.take(0n, 6n, time(1))).toMatchObject({ groups: 0, last: null, reached: true })
  expect(await readFile(at.path)).toHaveLength(0)
})

test('a file that was changed, cut or is gone is damaged, not replayed', async () => {
  await using at = await place()
  const path = join(at.own, `${at.file.name}.zst`)
  const compressed = await readFile(path)
  await writeFile(path, zstdCompressSync(makeBinlog('', [...STATEMENTS.slice(0, 5), '0-1-6@4'])))
  await expect(at.take(0n, 6n)).rejects.toMatchObject({ code: 'damaged-archive', message: expect.stringContaining('SHA-256') })
  await writeFile(path, compressed.subarray(0, compressed.length - 20))
  await expect(at.take(0n, 6n)).rejects.toMatchObject({ code: 'damaged-archive' })
  await rm(path)
  await expect(at.take(0n, 6n)).rejects.toMatchObject({ code: 'damaged-archive', message: expect.stringContaining('ENOENT') })
  expect(await readdir(at.own)).toHaveLength(2)
})

test('the line of an error names the transaction before the one that it is of, in pieces of any size', () => {
  const text = ['SET x;', '#261121 20:21:59 server id 1  end_log_pos 421 CRC32 0x38227887 \tGTID 0-1-5 ddl', 'ALTER', 'TABLE', '#261121 20:22:00 server id 1  end_log_pos 500 CRC32 0x38227888 \tGTID 0-1-6 trans', `BINLOG '${'x'.repeat(1000)}'`, '#261121 20:22:00 server id 1  end_log_pos 700 CRC32 0x38227889 \tGTID 0-1-7', 'COMMIT', ''].join('\n')
  for (const size of [1, 7, 100, 5_000]) {
    const lines = new AppliedLines()
    for (let at = 0; at < text.length; at += size) lines.add(Buffer.from(text.slice(at, at + size)))
    expect([1, 3, 5, 6, 7, 99].map((line) => lines.before(line)?.seqno ?? null)).toEqual([null, null, 5n, 5n, 6n, 6n])
  }
})
