import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { elsewhere, placeFiles, requirePlaces } from '../../../src/mariadb/elsewhere.ts'
import { bytesApart } from '../../../src/mariadb/bytes-apart.ts'
import { finishPuttingAside, putDatadirAside } from '../../../src/mariadb/put-aside.ts'
import { keepTablesInside, placeRemoteTables, remoteFolders } from '../../../src/mariadb/remote-tables.ts'
import { parseServerSettings } from '../../../src/mariadb/server-settings.ts'
import { scratch } from '../snapshot/samples.ts'

/** A datadir whose redo log and undo tablespaces lie elsewhere. */
async function apart() {
  const dir = scratch()
  const at = (...names: string[]) => join(dir, ...names)
  for (const name of ['data', 'redo', 'undo', 'rescued']) mkdirSync(at(name))
  for (const path of ['data/ibdata1', 'redo/ib_logfile0', 'undo/undo001', 'undo/undo002', 'redo/not-ours']) writeFileSync(at(path), path)
  const settings = parseServerSettings(`${'-'.repeat(60)} ---\ninnodb-log-group-home-dir ${at('redo')}\ninnodb-undo-directory ../undo\naria-log-dir-path ${at('data')}/\n`)
  return { at, data: at('data'), target: at('rescued/data'), places: await elsewhere(settings, at('data')) }
}

const whole = ['ib_logfile0', 'ibdata1', 'undo001', 'undo002']

test('only what the settings want in another folder lies elsewhere', async () => {
  const { places, at } = await apart()
  expect(places.map(({ option, folder }) => [option, folder])).toEqual([['innodb_log_group_home_dir', at('redo')], ['innodb_undo_directory', at('undo')]])
})

test('a datadir is moved aside with what lies elsewhere, and nothing of it is left there', async () => {
  const { at, data, target, places } = await apart()
  await putDatadirAside(data, places, target)
  expect(readdirSync(target)).toEqual(whole)
  expect(readdirSync(at('redo'))).toEqual(['not-ours'])
  expect(readdirSync(at('undo'))).toEqual([])
  expect(readdirSync(at()).toSorted()).toEqual(['redo', 'rescued', 'undo'])
})

test('cut off before the datadir was moved, all is where it was; after it, the rest follows', async () => {
  for (const moved of [false, true]) {
    const { at, data, target, places } = await apart()
    mkdirSync(`${target}.elsewhere`)
    writeFileSync(join(`${target}.elsewhere`, 'ib_logfile0'), 'redo/ib_logfile0')
    writeFileSync(`${data}.moving.json`, JSON.stringify({ target, files: [{ from: at('redo/ib_logfile0'), name: 'ib_logfile0' }] }))
    if (moved) renameSync(data, target)
    await finishPuttingAside(data)
    expect(readdirSync(at('redo'))).toEqual(moved ? ['not-ours'] : ['ib_logfile0', 'not-ours'])
    if (moved) expect(readFileSync(join(target, 'ib_logfile0'), 'utf8')).toBe('redo/ib_logfile0')
    expect(readdirSync(at('rescued'))).toEqual(moved ? ['data'] : [])
    await finishPuttingAside(data)
    if (!moved) await putDatadirAside(data, places, target)
    expect(readdirSync(target)).toEqual(expect.arrayContaining(['ib_logfile0', 'ibdata1']))
  }
})

test('where it cannot be moved, all is where it was', async () => {
  const { at, data, places } = await apart()
  writeFileSync(at('file'), '')
  await expect(putDatadirAside(data, places, at('file/data'))).rejects.toThrow()
  expect(readdirSync(at('redo'))).toEqual(['ib_logfile0', 'not-ours'])
  expect(readdirSync(at()).filter((name) => name.startsWith('data'))).toEqual(['data'])
})

test('files go to their places, also where an earlier run has brought some; whether they can is known before', async () => {
  const { at, data, places } = await apart()
  const restored = at('restored')
  mkdirSync(restored)
  for (const name of ['ib_logfile0', 'ibdata1', 'undo002']) writeFileSync(join(restored, name), 'new')
  await requirePlaces(restored, places, at('rescued'))
  await placeFiles(restored, places)
  await placeFiles(restored, places)
  expect(readdirSync(restored)).toEqual(['ibdata1'])
  expect(['redo/ib_logfile0', 'undo/undo001', 'undo/undo002'].map((path) => readFileSync(at(path), 'utf8'))).toEqual(['new', 'undo/undo001', 'new'])
  writeFileSync(at('file'), '')
  await expect(requirePlaces(restored, places.map((place) => ({ ...place, folder: at('file/folder') })), data)).rejects.toMatchObject({ code: 'file-write' })
})

/** As InnoDB has a table with DATA DIRECTORY. */
function withTable(data: string, path: string): void {
  mkdirSync(join(data, 'app'), { recursive: true })
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(join(data, 'app/t.isl'), path)
  writeFileSync(path, 'rows')
}

test('a table with DATA DIRECTORY is moved aside with its datadir, and is in it then', async () => {
  const { at, data, target, places } = await apart()
  withTable(data, at('disk/app/t.ibd'))
  await putDatadirAside(data, places, target)
  expect(readdirSync(join(target, 'app'))).toEqual(['t.ibd'])
  expect(readdirSync(at('disk/app'))).toEqual([])
  expect(readdirSync(target)).toEqual(['app', ...whole])
})

test('of a backup its file is taken, and goes to its place when the datadir is exchanged: over the old one, never over another\'s', async () => {
  const { at, data } = await apart()
  const restored = at('restored')
  withTable(data, at('disk/app/t.ibd'))
  mkdirSync(join(restored, 'app'), { recursive: true })
  writeFileSync(join(restored, 'app/t.isl'), at('disk/app/t.ibd'))
  writeFileSync(join(restored, 'app/t.ibd'), 'restored')
  await keepTablesInside(restored)
  expect(readdirSync(join(restored, 'app'))).toEqual(['t.ibd', 't.isl.restored'])
  expect(await remoteFolders(restored, data)).toEqual(new Map([[at('disk/app'), 8]]))
  await expect(remoteFolders(restored, at('redo'))).rejects.toMatchObject({ code: 'foreign-files' })
  renameSync(join(restored, 'app/t.ibd'), at('disk/app/t.ibd'))
  await placeRemoteTables(restored)
  await placeRemoteTables(restored)
  expect(readdirSync(join(restored, 'app'))).toEqual(['t.isl'])
  expect(readFileSync(join(restored, 'app/t.isl'), 'utf8')).toBe(at('disk/app/t.ibd'))
  expect(readFileSync(at('disk/app/t.ibd'), 'utf8')).toBe('restored')
})

test('what lies outside counts for the room that a restore needs, but for the redo log', async () => {
  const { at, data } = await apart()
  withTable(data, at('disk/app/t.ibd'))
  const settings = parseServerSettings(`${'-'.repeat(60)} ---\ninnodb-log-group-home-dir ${at('redo')}\ninnodb-undo-directory ../undo\n`)
  expect(await bytesApart(data, settings)).toBe('undo/undo001'.length * 2 + 'rows'.length)
})
