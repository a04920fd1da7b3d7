import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EventLog, olderLog } from '../../../src/agent/event-log.ts'
import { readEvents } from '../../../src/agent/event-follow.ts'
import { loggedCall, type LoggedEvent, NO_VIEW } from '../../../src/galera/notify-event.ts'
import { HISTORY, uuid } from '../galera/nodes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const place = (end: number) => ({ time: '2026-11-21T17:00:00.000Z', position: { spool: '1-1', end } })
const viewEvent = (end: number, name = 'n1') => loggedCall({ status: 'synced', uuid: HISTORY, primary: true, index: 0, members: [{ uuid: uuid(1), name, address: 'a:1' }] }, NO_VIEW, place(end))
const statusEvent = (end: number) => loggedCall({ status: 'donor' }, NO_VIEW, place(end))
const ends = (events: readonly LoggedEvent[]) => events.map(({ position }) => position?.end)

async function logFile(): Promise<AsyncDisposable & { readonly path: string; readonly all: () => Promise<readonly LoggedEvent[]> }> {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'events.jsonl')
  return { path, all: () => Array.fromAsync(readEvents(path, null)), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('a log that is opened again knows how far the spool was taken, and the view', async () => {
  await using file = await logFile()
  const log = await EventLog.open(file.path)
  expect([log.position, log.view]).toEqual([null, NO_VIEW])
  await log.append([viewEvent(10), statusEvent(20)])
  const again = await EventLog.open(file.path)
  expect([again.position, again.view]).toEqual([{ spool: '1-1', end: 20 }, { index: 0, members: viewEvent(10).members }])
  expect((await stat(file.path)).mode & 0o777).toBe(0o640)
})

test('the view is found also far behind the last line, and in the older file', async () => {
  await using file = await logFile()
  const log = await EventLog.open(file.path)
  await log.append([viewEvent(1), ...Array.from({ length: 2_000 }, (_, at) => statusEvent(at + 2))])
  expect((await EventLog.open(file.path)).view.index).toBe(0)
  const small = await EventLog.open(file.path, 1)
  await small.append([statusEvent(3_000)])
  const again = await EventLog.open(file.path)
  expect([again.position?.end, again.view.index]).toEqual([3_000, 0])
})

test('a line that a crash has cut is removed: its record counts as not taken', async () => {
  await using file = await logFile()
  await (await EventLog.open(file.path)).append([viewEvent(10)])
  for (const cut of ['{"time":"2026', '\0\0\0\0', '{']) {
    await appendFile(file.path, cut)
    const log = await EventLog.open(file.path)
    expect(log.position?.end).toBe(10)
  }
  await (await EventLog.open(file.path)).append([statusEvent(20)])
  expect(ends(await file.all())).toEqual([10, 20])
})

test('a cut line that is longer than what is looked at is removed too', async () => {
  await using file = await logFile()
  await (await EventLog.open(file.path)).append([viewEvent(10)])
  await appendFile(file.path, 'x'.repeat(200_000))
  const log = await EventLog.open(file.path)
  await log.append([statusEvent(20)])
  expect(ends(await file.all())).toEqual([10, 20])
})

test('nothing but the cut line is removed, and lines of another make are passed over', async () => {
  await using file = await logFile()
  await writeFile(file.path, 'null\n{"time":5}\n')
  expect((await EventLog.open(file.path)).position).toBeNull()
  expect(await readFile(file.path, 'utf8')).toBe('null\n{"time":5}\n')
})

test('it is bounded: one older file is kept; a crash between putting it aside and the next line loses no position', async () => {
  await using file = await logFile()
  const log = await EventLog.open(file.path, 2_000)
  for (let end = 1; end <= 50; end++) await log.append([viewEvent(end)])
  const kept = ends(await file.all())
  expect(kept.at(-1)).toBe(50)
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 51 - kept.length + at))
  expect((await stat(olderLog(file.path))).size).toBeLessThan(3_000)
  await writeFile(file.path, '')
  expect((await EventLog.open(file.path)).position?.end).toBeGreaterThan(40)
})

test('who follows sees every event once, in order, through several files', async () => {
  await using file = await logFile()
  const log = await EventLog.open(file.path, 5_000)
  await log.append([viewEvent(1)])
  const ended = new AbortController()
  const seen: (number | undefined)[] = []
  const following = (async () => {
    for await (const event of readEvents(file.path, ended.signal)) seen.push(event.position?.end)
  })()
  for (let end = 2; end <= 60; end++) {
    await log.append([viewEvent(end)])
    if (end % 5 === 0) await expect.poll(() => seen.length, { interval: 5 }).toBe(end)
  }
  ended.abort()
  await following
  expect(seen).toEqual(Array.from({ length: 60 }, (_, at) => at + 1))
})
