import { spawn } from 'node:child_process'
import { appendFile, copyFile, open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import { EventCounts } from '../../../src/agent/event-counts.ts'
import { EventLog } from '../../../src/agent/event-log.ts'
import { EventStream } from '../../../src/agent/event-stream.ts'
import { readEvents } from '../../../src/agent/event-follow.ts'
import { SpoolWatch } from '../../../src/agent/spool-watch.ts'
import { SpoolReader } from '../../../src/agent/spool-reader.ts'
import { formatRecord } from '../../../src/galera/notify-spool.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const HOOK = join(import.meta.dirname, '../../../hooks/notify')
const record = (index: number) => formatRecord(['--index', String(index)])
const upTo = (last: number) => Array.from({ length: last + 1 }, (_, at) => at)

type Crash = 'before the log is written' | 'in the middle of a line' | 'after the log is written' | 'before the trim'

class Crashed extends Error {}

/** The log of an agent that is killed at that point; what comes later does not happen. */
class DyingLog {
  readonly #log: EventLog
  readonly #path: string
  readonly #crash: Crash | null
  #dead = false

  constructor(log: EventLog, path: string, crash: Crash | null) {
    this.#log = log
    this.#path = path
    this.#crash = crash
  }
  get position() {
    return this.#log.position
  }
  get view() {
    return this.#log.view
  }
  async append(events: Parameters<EventLog['append']>[0]): Promise<void> {
    this.#die('before the log is written')
    if (this.#crash === 'in the middle of a line') await appendFile(this.#path, JSON.stringify(events[0]).slice(0, 40))
    this.#die('in the middle of a line')
    await this.#log.append(events)
    this.#die('after the log is written')
  }
  async sync(): Promise<void> {
    this.#die('before the trim')
    return this.#log.sync()
  }
  #die(where: Crash): void {
    this.#dead ||= this.#crash === where
    if (this.#dead) throw new Crashed(where)
  }
}

async function place() {
  const folder = await temporaryFolder()
  const spool = join(folder.path, 'notify.spool')
  const path = join(folder.path, 'events.jsonl')
  const counts = new EventCounts()
  const agent = async (crash: Crash | null = null) => {
    const log = pino({ level: 'silent' })
    const events = new DyingLog(await EventLog.open(path), path, crash) as unknown as EventLog
    return new SpoolReader(spool, new EventStream(events, counts, log, () => undefined), counts, log).follow()
  }
  const logged = async () => (await Array.fromAsync(readEvents(path, null))).map(({ index }) => index)
  return { folder: folder.path, spool, counts, agent, logged, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('what was spooled while no agent ran is taken by the next one, in order, once', async () => {
  await using here = await place()
  for (let round = 0; round < 5; round++) {
    await appendFile(here.spool, record(2 * round) + record(2 * round + 1))
    await using _agent = await here.agent()
    await expect.poll(here.logged).toEqual(upTo(2 * round + 1))
  }
})

test.each<Crash>(['before the log is written', 'in the middle of a line', 'after the log is written', 'before the trim'])('an agent that is killed %s loses no event and logs none twice', async (crash) => {
  await using here = await place()
  // More than is trimmed at once.
  const many = 20_000
  await appendFile(here.spool, upTo(many).map((at) => record(at % 10_000)).join(''))
  const first = await here.agent(crash)
  if (crash === 'before the trim') await expect.poll(async () => (await here.logged()).length, { timeout: 10_000 }).toBe(many + 1)
  await first[Symbol.asyncDispose]()
  // Nothing is removed that is not durable in the log.
  if (crash !== 'after the log is written') expect((await stat(here.spool)).blocks * 512).toBeGreaterThan(360_000)
  await appendFile(here.spool, record(7_777))
  await using _second = await here.agent()
  await expect.poll(async () => (await here.logged()).length, { timeout: 10_000 }).toBe(many + 2)
  expect(await here.logged()).toEqual([...upTo(many).map((at) => at % 10_000), 7_777])
})

test('what is taken is freed on disk, and a hook that opened the spool long before writes into the same file', async () => {
  await using here = await place()
  await appendFile(here.spool, record(0))
  await using slow = await open(here.spool, 'a')
  const agent = await here.agent()
  await appendFile(here.spool, upTo(40_000).map((at) => record(at % 10_000)).join(''))
  const taken = async () => (await here.logged()).length
  await expect.poll(taken, { timeout: 10_000 }).toBe(40_002)
  await expect.poll(async () => (await stat(here.spool)).blocks * 512).toBeLessThan(300_000)
  await slow.write(record(1_234))
  await expect.poll(taken).toBe(40_003)
  await agent[Symbol.asyncDispose]()
  await slow.write(record(1_235))
  await using _next = await here.agent()
  await expect.poll(async () => (await here.logged()).slice(-2)).toEqual([1_234, 1_235])
})

test('eight processes write while agents come and go: each event is logged once, those of one process in order', async () => {
  await using here = await place()
  const loop = 'i=0; while [ $i -lt 250 ]; do "$1" --index $(($2 * 1000 + $i)) --members "$3"; i=$((i+1)); done'
  const padding = `${'a'.repeat(8)}-${'a'.repeat(4)}-${'a'.repeat(4)}-${'a'.repeat(4)}-${'a'.repeat(12)}/${'n'.repeat(200)}/10.0.0.1:3306`
  const writers = upTo(7).map((writer) => spawn('/bin/sh', ['-c', loop, 'sh', HOOK, String(writer), padding], { env: { GALERACTL_SPOOL: here.spool }, stdio: 'ignore' }))
  const running = new Set(writers)
  for (const writer of writers) writer.once('exit', () => running.delete(writer))
  do {
    const agent = await here.agent()
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
    await agent[Symbol.asyncDispose]()
  } while (running.size > 0)
  await using _last = await here.agent()
  await expect.poll(async () => (await here.logged()).length).toBe(2_000)
  const logged = await here.logged()
  for (const writer of upTo(7)) expect(logged.filter((index) => Math.floor((index ?? 0) / 1_000) === writer)).toEqual(upTo(249).map((at) => writer * 1_000 + at))
  expect(here.counts.malformed).toBe(0)
})

test('a spool that was put in place of another is read from its beginning', async () => {
  await using here = await place()
  await appendFile(here.spool, record(1) + record(2))
  await using _agent = await here.agent()
  await expect.poll(here.logged).toEqual([1, 2])
  await unlink(here.spool)
  // Longer than what was taken of the other.
  await appendFile(here.spool, record(3) + record(4) + record(5))
  await expect.poll(here.logged).toEqual([1, 2, 3, 4, 5])
})

test('an event is seen within 50 ms', async () => {
  await using here = await place()
  await using _agent = await here.agent()
  const delays: number[] = []
  for (let at = 0; at < 15; at++) {
    const written = performance.now()
    await appendFile(here.spool, record(at))
    while ((here.counts.byStatus.get('') ?? 0) <= at) await new Promise(setImmediate)
    delays.push(performance.now() - written)
  }
  expect(delays.toSorted((a, b) => a - b)[7]).toBeLessThan(50)
})

test('another spool in its place is found, and watched like the first', async () => {
  await using here = await place()
  await using _agent = await here.agent()
  await appendFile(here.spool, record(0))
  await expect.poll(here.logged, { interval: 5 }).toEqual(upTo(0))
  await unlink(here.spool)
  await appendFile(here.spool, record(1))
  await expect.poll(here.logged, { interval: 5 }).toEqual(upTo(1))
  await appendFile(here.spool, record(2))
  const written = performance.now()
  await expect.poll(here.logged, { interval: 5 }).toEqual(upTo(2))
  expect(performance.now() - written).toBeLessThan(500)
})

test('when an agent has ended, nothing is in the spool that the agent of a copied gear would take again', async () => {
  await using here = await place()
  await appendFile(here.spool, record(0))
  {
    await using _agent = await here.agent()
    await expect.poll(here.logged, { interval: 5 }).toEqual(upTo(0))
  }
  await appendFile(here.spool, record(1))
  await copyFile(here.spool, `${here.spool}.copy`)
  await unlink(here.spool)
  await copyFile(`${here.spool}.copy`, here.spool)
  await using _agent = await here.agent()
  await expect.poll(here.logged, { interval: 5 }).toEqual(upTo(1))
})

test('where the kernel can not watch it is looked at all the same, many times a second', async () => {
  let looks = 0
  using watch = new SpoolWatch('/does/not/exist', () => looks++, pino({ level: 'silent' }))
  const began = performance.now()
  watch.see('one')
  await expect.poll(() => looks, { interval: 5 }).toBeGreaterThanOrEqual(10)
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('malformed records are counted and logged, and those behind them are taken', async () => {
  await using here = await place()
  await appendFile(here.spool, `garbage${record(1)}${formatRecord(['--evil', '$(id)'])}${record(2)}`)
  await using _agent = await here.agent()
  await expect.poll(here.logged).toEqual([null, 1, null, 2])
  expect(here.counts.malformed).toBe(2)
})
