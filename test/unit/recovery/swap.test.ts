import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/resolve.ts'
import { gearPaths } from '../../../src/gear/gear.ts'
import { readUnfinishedRestore, refuseWhileSwapping, type UnfinishedRestore, writeUnfinishedRestore } from '../../../src/gear/unfinished-restore.ts'
import { parseServerSettings } from '../../../src/mariadb/server-settings.ts'
import { swap } from '../../../src/recovery/swap.ts'
import { HISTORY, OTHER_HISTORY } from '../galera/nodes.ts'
import { scratch } from '../snapshot/samples.ts'

const config = { name: 'n1' } as Config
const settings = parseServerSettings(`${'-'.repeat(60)} ---\n`)
const ready: UnfinishedRestore = { words: '["s1"]', identity: 's1', target: null, gtid: null, snapshot: 's1', history: HISTORY, startedAt: '2026-11-21', done: 'ready', into: OTHER_HISTORY, aside: 'n1-aside', replaces: [] }
const grastate = (uuid: string, seqno: number) => `# GALERA saved state\nversion: 2.1\nuuid:    ${uuid}\nseqno:   ${seqno}\nsafe_to_bootstrap: 0\n`

/** A gear with old data, and a datadir that is ready. */
async function gear() {
  const paths = gearPaths(scratch())
  const restored = join(paths.restore, 'data')
  for (const folder of [paths.state, paths.data, restored]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(paths.data, 'old'), '')
  writeFileSync(join(paths.data, 'grastate.dat'), grastate(HISTORY, 9))
  writeFileSync(join(restored, 'new'), '')
  await writeUnfinishedRestore(paths, ready)
  return { paths, restored }
}

async function expectExchanged({ paths }: Awaited<ReturnType<typeof gear>>): Promise<void> {
  expect(readdirSync(paths.data).toSorted()).toEqual(['grastate.dat', 'new'])
  expect(readFileSync(join(paths.data, 'grastate.dat'), 'utf8')).toMatch(new RegExp(`uuid: +${OTHER_HISTORY}\nseqno: +0\nsafe_to_bootstrap: 1`))
  expect(readdirSync(join(paths.rescued, 'n1-aside/data')).toSorted()).toEqual(['grastate.dat', 'old'])
  expect(JSON.parse(readFileSync(paths.ledger, 'utf8'))).toMatchObject({ history: OTHER_HISTORY, forks: [{ uuid: HISTORY, why: 'restored', into: OTHER_HISTORY }] })
  expect(await readUnfinishedRestore(paths)).toBeNull()
}

test('the datadir is exchanged, the old one kept, and a new history begins in the ledger', async () => {
  const one = await gear()
  await swap(one.paths, config, ready, { restored: one.restored, settings, until: null })
  await expectExchanged(one)
  expect(JSON.parse(readFileSync(join(one.paths.rescued, 'n1-aside/rescue.json'), 'utf8'))).toMatchObject({ position: { uuid: HISTORY, seqno: '9' }, fork: { into: OTHER_HISTORY } })
})

test('cut off after the old datadir was moved, it goes on; until then nothing starts', async () => {
  const one = await gear()
  await writeUnfinishedRestore(one.paths, { ...ready, done: 'swapping', replaces: [HISTORY] })
  mkdirSync(join(one.paths.rescued, 'n1-aside'), { recursive: true })
  renameSync(one.paths.data, join(one.paths.rescued, 'n1-aside/data'))
  await expect(refuseWhileSwapping(one.paths)).rejects.toMatchObject({ code: 'restore-unfinished' })
  await swap(one.paths, config, { ...ready, done: 'swapping', replaces: [HISTORY] }, { restored: one.restored, settings, until: null })
  await expectExchanged(one)
  await refuseWhileSwapping(one.paths)
})

test('cut off before the ledger knew of it, it goes on, and what is replaced is known from its note', async () => {
  const one = await gear()
  await swap(one.paths, config, ready, { restored: one.restored, settings, until: null })
  writeFileSync(one.paths.ledger, '')
  await writeUnfinishedRestore(one.paths, { ...ready, done: 'swapping', replaces: [HISTORY] })
  await swap(one.paths, config, { ...ready, done: 'swapping', replaces: [HISTORY] }, { restored: one.restored, settings, until: null })
  await expectExchanged(one)
})

test('where the old datadir can not be kept, nothing was moved, and it may start again', async () => {
  const one = await gear()
  writeFileSync(one.paths.rescued, '')
  await expect(swap(one.paths, config, ready, { restored: one.restored, settings, until: null })).rejects.toMatchObject({ code: 'file-write' })
  expect(existsSync(join(one.paths.data, 'old'))).toBe(true)
  expect((await readUnfinishedRestore(one.paths))?.done).toBe('ready')
  await refuseWhileSwapping(one.paths)
})
