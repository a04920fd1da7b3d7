import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Two real nodes on 127.0.160.x. */
let cluster: TestCluster

beforeAll(async () => {
  cluster = await makeCluster(160, 2)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode

test('a killed state transfer whose number another process has now does not hold up the next one', async () => {
  cluster.kill([node(1)])
  const data = join(node(1).gear, 'data')
  // Our own number: a process that lives, and has nothing to do with the gear.
  for (const name of ['wsrep_sst.pid', 'rsync_sst.pid', 'stunnel.pid', 'sst_in_progress']) writeFileSync(join(data, name), name.endsWith('.pid') ? `${process.pid}\n` : '', { mode: 0o644 })
  const started = await cluster.must(node(1), 'start', '--timeout', '60')
  expect(started.milliseconds).toBeLessThan(25_000)
  expect(existsSync(join(data, 'wsrep_sst.pid'))).toBe(false)
})
