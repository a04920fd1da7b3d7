import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LoggedEvent } from '../../src/galera/notify-event.ts'
import { parseSpool } from '../../src/galera/notify-spool.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Three real nodes on 127.0.47.x and what they tell of their views. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await makeCluster(47, 3)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const eventsOf = (one: TestNode) => readFileSync(join(one.gear, 'log/events.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent)
const spooled = (one: TestNode) => parseSpool(readFileSync(join(one.gear, 'run/notify.spool'))).entries
const namesIn = (event: LoggedEvent) => event.members?.map(({ name }) => name).toSorted().join() ?? ''

/** The views that a node was told, each once. */
function viewsOf(events: readonly LoggedEvent[]): readonly string[] {
  const views = events.flatMap(({ members }) => (members === null ? [] : [members.map(({ uuid }) => uuid).toSorted().join()]))
  return views.filter((view, at) => view !== views[at - 1])
}

const HOSTILE = '$(touch /tmp/x)\'"; DROP'

test('with the agent dead during ten view changes, the next one logs them all, in order, once', async () => {
  const [told, alive] = [eventsOf(node(0)).length, eventsOf(node(1)).length]
  cluster.kill([node(0)], 'agent')
  for (let round = 0; round < 5; round++) {
    await cluster.must(node(2), 'stop')
    await cluster.must(node(2), 'start')
  }
  expect(eventsOf(node(0))).toHaveLength(told)
  // It takes over the mariadbd that has gone on.
  const pid = cluster.serverPid(node(0))
  await cluster.must(node(0), 'start')
  expect(cluster.serverPid(node(0))).toBe(pid)
  await expect.poll(() => eventsOf(node(0)).length).toBe(spooled(node(0)).length)
  const late = eventsOf(node(0)).slice(told)
  expect(viewsOf(late)).toHaveLength(10)
  expect(viewsOf(late)).toEqual(viewsOf(eventsOf(node(1)).slice(alive)))
  expect(late.filter(({ joined }) => joined.length > 0).map(({ joined }) => joined)).toEqual(Array.from({ length: 5 }, () => ['n3']))
  expect(late.filter(({ left }) => left.length > 0).map(({ left }) => left)).toEqual(Array.from({ length: 5 }, () => ['n3']))
  expect(eventsOf(node(0)).map(({ position }) => position?.end)).toEqual(spooled(node(0)).map(({ end }) => end))
})

test('a member with a hostile name joins: it is logged and handed on as it is, and nothing of it is run', async () => {
  expect(existsSync('/tmp/x')).toBe(false)
  const command = join(node(0).gear, 'notify.d/tell')
  writeFileSync(command, '#!/bin/sh\ncat >>log/told\n')
  chmodSync(command, 0o755)
  const { uid, gid } = statSync(node(0).gear)
  chownSync(command, uid, gid)
  await cluster.must(node(2), 'stop')
  const server = spawn('mariadbd', [`--defaults-file=${node(2).gear}/conf/my.cnf`, '--user=mysql', `--wsrep_node_name=${HOSTILE}`], { stdio: 'ignore', cwd: '/' })
  try {
    // Where this node is its donor, that is told right after it.
    const joined = () => eventsOf(node(0)).findLast((event) => event.joined.length > 0)
    await expect.poll(joined, { timeout: 60_000, interval: 100 }).toMatchObject({ joined: [HOSTILE], left: [], size: 3, primary: true })
    expect(namesIn(joined() as LoggedEvent)).toBe([HOSTILE, 'n1', 'n2'].join())
  } finally {
    // One that is still joining may not hear SIGTERM.
    const late = setTimeout(() => server.kill('SIGKILL'), 20_000)
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
    clearTimeout(late)
  }
  await expect.poll(() => eventsOf(node(0)).findLast(({ left }) => left.length > 0), { timeout: 10_000 }).toMatchObject({ left: [HOSTILE], size: 2 })
  const told = () => readFileSync(join(node(0).gear, 'log/told'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent)
  await expect.poll(() => told().filter(({ joined }) => joined.includes(HOSTILE)).length).toBe(1)
  await expect.poll(() => told().filter(({ left }) => left.includes(HOSTILE)).length).toBe(1)
  expect(existsSync('/tmp/x')).toBe(false)
  await cluster.must(node(2), 'start')
})

test('a node that stops tells that it left, and its restart is told as a start from nothing', async () => {
  const before = eventsOf(node(1)).length
  await cluster.must(node(1), 'stop')
  await cluster.must(node(1), 'start')
  await expect.poll(() => eventsOf(node(1)).slice(before).findLast(({ status }) => status === 'synced')).toBeDefined()
  const events = eventsOf(node(1)).slice(before)
  expect(events.find(({ index }) => index === -1)).toMatchObject({ size: 0, left: ['n2'] })
  expect(events.find(({ joined }) => joined.length > 0)).toMatchObject({ joined: expect.arrayContaining(['n2']), left: [] })
})
