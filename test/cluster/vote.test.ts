import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** Three real nodes on 127.0.233.x; the rows of the third differ. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await makeCluster(233, 3)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const told = async (at: number, command: string) => (await cluster.run(node(at), command)).stdout

test('a node that is voted out takes a full copy, and says when, at what statement and table; so do its peers, and it survives agent and data', async () => {
  asRoot(node(0), 'CREATE TABLE app.t (id INT PRIMARY KEY, v INT); INSERT INTO app.t VALUES (1, 1), (2, 2)')
  asRoot(node(2), 'SET SESSION wsrep_sync_wait = 1; SELECT 1 FROM app.t; SET SESSION wsrep_on = OFF; DELETE FROM app.t WHERE id = 2')
  asRoot(node(0), 'UPDATE app.t SET v = 3 WHERE id = 2')
  const vote = /n3 was voted out as inconsistent at [0-9a-f-]{36}:\d+: Update_rows_v1 on app\.t: Can't find record in 't' \(error 1032\)/
  await expect.poll(() => told(2, 'status'), { timeout: 60_000 }).toMatch(vote)
  await expect.poll(async () => (await cluster.run(node(2), 'status')).exitCode, { timeout: 60_000 }).toBe(0)
  expect(asRoot(node(2), 'SELECT v FROM app.t WHERE id = 2')).toContain('3')
  await cluster.must(node(2), 'restart')
  expect(await told(2, 'status')).toMatch(vote)
  expect(await told(2, 'status')).toContain('changes app.t on one node alone')
  expect(await told(2, 'events')).toMatch(new RegExp(`voted out .*${vote.source}`))
  // A warning: the rows are equal again.
  const check = await cluster.run(node(0), 'check')
  expect(check.stdout).toMatch(new RegExp(`WARNING {2}at \\S+ ${vote.source}`))
  expect(check.exitCode).toBe(0)
  expect(existsSync(join(node(2).gear, 'state/voted-out.json'))).toBe(true)
  rmSync(join(node(2).gear, 'state/voted-out.json'))
  expect(await told(2, 'status')).not.toMatch(vote)
})
