import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Archiver } from '../../../src/archive/archiver.ts'
import { ArchiveReader } from '../../../src/archive/inventory.ts'
import { markLeftBehind } from '../../../src/archive/left-behind.ts'
import { spansOf } from '../../../src/galera/coverage.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { makeBinlog, WHOLE } from './make-binlog.ts'

const HISTORY = '03781fa6-e5e7-11f1-9041-a304ad3125bd'

/** Galera's seqnos in the real binary log: 16396 of 0-1-16393 and 16398 of 0-1-16395; DDL tells none. */
test.each([
  [16396n, ['16391-16393']],
  [16397n, ['16391-16393']],
  [16398n, ['16391-16395']],
  [16395n, []],
])('a node that was left behind at seqno %i has archived only what is before that', async (seqno, spans) => {
  await using folder = await temporaryFolder()
  const [archive, data, aside] = [join(folder.path, 'archive'), join(folder.path, 'data'), join(folder.path, 'aside')]
  await mkdir(archive)
  await mkdir(data)
  await writeFile(join(data, 'binlog.000004'), WHOLE)
  await writeFile(join(data, 'binlog.000005'), makeBinlog('0-1-16396', ['0-1-16397']))
  await using archiver = new Archiver({ archive, datadir: data, node: 'n3', signal: new AbortController().signal })
  await archiver.look(HISTORY)
  await rename(data, aside)
  await mkdir(data)
  await writeFile(join(data, 'binlog.000001'), makeBinlog('0-1-16399', ['0-1-16400']))
  await archiver.look(HISTORY)
  const left = { archive, history: HISTORY, node: 'n3', datadir: aside, seqno }
  expect(await markLeftBehind(left)).toHaveLength(2)
  expect(await markLeftBehind(left)).toEqual([])
  const { files } = await new ArchiveReader(archive).inventory(HISTORY)
  expect(spansOf(files).map(({ after, to }) => `${after}-${to}`)).toEqual([...spans, '16399-16400'])
})
