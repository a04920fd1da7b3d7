import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** What must never make two writable clusters of real nodes on 127.0.170.x and 127.0.171.x. */

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

test('absent-members=majority: two of three leave in the same instant, the third goes on alone and its agent hangs: they wait for a person', async () => {
  await using cluster = await makeCluster(170, 3, { setup: ['--absent-members', 'majority', '--absent-wait', '2'] })
  const [n1, n2, n3] = cluster.nodes as [TestNode, TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await write(cluster, n1, 1)
  await Promise.all([stopByAgent(n1), stopByAgent(n2)])
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
