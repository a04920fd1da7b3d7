import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** What must never make two writable clusters, or mix two: real nodes on 127.0.170.x and 127.0.171.x. */

const write = (cluster: TestCluster, node: TestNode, ...ids: number[]) => cluster.sql(node, async (sql) => {
  await sql.query('CREATE TABLE IF NOT EXISTS ledger (id INT PRIMARY KEY)')
  for (const id of ids) await sql.query('INSERT INTO ledger VALUES (?)', [id])
})
const idsOn = (cluster: TestCluster, node: TestNode) => cluster.sql(node, async (sql) => {
  const [rows] = await sql.query('SELECT id FROM ledger ORDER BY id')
  return (rows as { id: number }[]).map(({ id }) => id)
})
const isPrimary = (cluster: TestCluster, node: TestNode) => cluster.sql(node, async (sql) => {
  const [rows] = await sql.query("SHOW GLOBAL STATUS LIKE 'wsrep_cluster_status'")
  return (rows as { Value: string }[])[0]?.Value === 'Primary'
}).catch(() => false)

/** `galeractl stop`, without the time that its process takes to start. */
const stopByAgent = (node: TestNode) => new Promise<void>((resolve, reject) => {
  const asked = request({ socketPath: join(node.gear, 'run/agent.sock'), method: 'POST', path: '/stop?timeout=&keep-agent=no' }, (answer) => answer.resume().once('end', resolve))
  asked.once('error', reject)
  asked.end()
})

/** Where both say so within a millisecond or two, Galera sees n3 cut off from them, and it is not primary: then once more, a little less at once. */
async function leaveAtOnce(cluster: TestCluster): Promise<void> {
  const [n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
  for (let apart = 0; apart <= 50; apart += 10) {
    await Promise.all([stopByAgent(n1), delay(apart).then(() => stopByAgent(n2))])
    if (await isPrimary(cluster, n3)) return
    await Promise.all([n1, n2].map((one) => cluster.must(one, 'start')))
  }
  throw new Error('n3 was never primary alone')
}

test('absent-members=majority: two of three leave in the same instant, the third goes on alone and its agent hangs: they wait for a person', async () => {
  await using cluster = await makeCluster(170, 3, { setup: ['--absent-members', 'majority', '--absent-wait', '2'] })
  const [n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await write(cluster, n1, 1)
  await leaveAtOnce(cluster)
  await expect.poll(() => cluster.viewSize(n3)).toBe(1)
  const agent = Number(/\d+/.exec(readFileSync(join(n3.gear, 'run/agent.pid'), 'utf8'))?.[0])
  process.kill(agent, 'SIGSTOP')
  try {
    const results = await Promise.all([n1, n2].map((one) => cluster.run(one, 'start', '--timeout', '12')))
    for (const { exitCode, stderr } of results) {
      expect(stderr).toContain('n3')
      expect(exitCode).toBe(4)
    }
    expect(await Promise.all([n1, n2].map((one) => isPrimary(cluster, one)))).toEqual([false, false])
  } finally {
    process.kill(agent, 'SIGCONT')
  }
  await Promise.all([n1, n2].map((one) => cluster.must(one, 'start')))
  for (const one of cluster.nodes) expect(await idsOn(cluster, one)).toEqual([1])
})

describe('the cluster went on without n1 by an operator\'s word, all stopped, and n1 is started alone, as the last member that it was', () => {
  let cluster: TestCluster
  let [n1, n2, n3] = [] as unknown as [TestNode, TestNode, TestNode]
  beforeEach(async () => {
    cluster = await makeCluster(171, 3)
    ;[n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
    await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
    await write(cluster, n1, 1)
    for (const one of [n3, n2, n1]) await cluster.must(one, 'stop')
    expect(await cluster.run(n2, 'bootstrap', '--force', '--reason', 'its host burnt', '--yes-lose', 'n1')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('n1 may be running as a Primary right now') })
    await write(cluster, n2, 20, 21)
    await cluster.must(n2, 'stop')
    await cluster.must(n1, 'start')
    await write(cluster, n1, 10)
  })
  afterEach(() => cluster[Symbol.asyncDispose]())

  test('who went on does not join it: n1 stops, its data is kept aside, and it takes the state anew', async () => {
    await cluster.must(n2, 'start', '--timeout', '90')
    expect(await idsOn(cluster, n2)).toEqual([1, 20, 21])
    await expect.poll(async () => (await cluster.run(n1, 'status')).exitCode, { timeout: 90_000, interval: 500 }).toBe(0)
    await cluster.must(n3, 'start')
    for (const one of cluster.nodes) expect(await idsOn(cluster, one)).toEqual([1, 20, 21])
    expect(JSON.parse((await cluster.must(n1, 'rescued', '--json')).stdout)).toMatchObject({ rescued: [{ fork: { why: 'forced' } }] })
    expect(JSON.parse((await cluster.must(n2, 'rescued', '--json')).stdout)).toEqual({ rescued: [] })
  })

  test('nor a third node that has joined n1 meanwhile: nothing is mixed, and both sides are told', async () => {
    await cluster.must(n3, 'start')
    const refused = await cluster.run(n2, 'start', '--timeout', '60')
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('n3 is Primary at') })
    expect(refused.stderr).toContain('without n1')
    expect(await idsOn(cluster, n3)).toEqual([1, 10])
    await expect.poll(async () => (await cluster.run(n3, 'status')).stdout, { timeout: 30_000, interval: 500 }).toContain('n2 went on without n1')
  })
})
