import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { settleBinlog } from '../../../src/agent/logged.ts'
import type { Node } from '../../../src/agent/node.ts'
import { gearPaths } from '../../../src/gear/gear.ts'
import { temporaryFolder } from '../temporary-folder.ts'

async function place() {
  const folder = await temporaryFolder()
  const paths = gearPaths(folder.path)
  await mkdir(paths.data)
  await mkdir(paths.state)
  const write = async () => {
    for (const name of ['binlog.000001', 'binlog.index', 'binlog.state']) await writeFile(join(paths.data, name), '')
  }
  await write()
  const launch = (archive: string | null) => settleBinlog({ paths, config: { archive }, log: { warn: () => undefined } } as unknown as Node)
  return { launch, write, names: async () => (await readdir(paths.data)).map((name) => name.replace(/-[0-9TZ-]+$/, '')).toSorted(), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('a log of which nobody knows that each run wrote it begins anew, and no file of it goes', async () => {
  await using at = await place()
  await at.launch('/archive')
  expect(await at.names()).toEqual(['binlog.000001', 'binlog.index.aside', 'binlog.state.aside'])
})

test.each([
  ['after a run with its log it goes on', ['/archive'], ['binlog.000001', 'binlog.index', 'binlog.index.aside', 'binlog.state', 'binlog.state.aside']],
  ['after one without, it begins anew', ['/archive', null], ['binlog.000001', 'binlog.index.aside', 'binlog.index.aside', 'binlog.state.aside', 'binlog.state.aside']],
])('%s', async (_, runs, names) => {
  await using at = await place()
  for (const archive of runs) await at.launch(archive)
  await at.write()
  await at.launch('/archive')
  expect(await at.names()).toEqual(names)
})
