import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { waitFor } from '../../src/system/wait.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { makeNetwork } from '../support/network.ts'
import { asRoot, emptied, logOf, makePair, sums } from '../support/transfer.ts'

/** Outages that no node ended by itself: whoever joins, hangs or is renamed, the others go on and all come back. */
const ROWS = 20_000

/** n2 alone is Primary and `ROWS` write-sets ahead, all of them in its cache; n1 is stopped. */
async function behind(net: number): Promise<TestCluster> {
  await using opened = new AsyncDisposableStack()
  const cluster = opened.use(await makeCluster(net, 2, { setup: ['--gcache-size', '256M'] }))
  const [joiner, donor] = cluster.nodes as [TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(donor, 'CREATE TABLE t (id INT PRIMARY KEY, x LONGTEXT); SET GLOBAL innodb_flush_log_at_trx_commit = 0')
  await cluster.must(joiner, 'stop')
  asRoot(donor, Array.from({ length: ROWS }, (_, id) => `INSERT INTO t VALUES (${id}, REPEAT('a', 4000));`).join('\n'))
  opened.move()
  return cluster
}

const logged = (node: TestNode, from: number, text: string) => waitFor(`${node.name} logs: ${text}`, async () => (logOf(node).slice(from).includes(text) ? true : undefined), { timeout: 60_000, interval: 5 })
const rows = (node: TestNode) => asRoot(node, 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*) FROM t').trim()
const members = (node: TestNode) => readFileSync(join(node.gear, 'data/gvwstate.dat'), 'utf8').match(/^member: /gm)?.length ?? 0
const wsrep = (node: TestNode, name: string) => asRoot(node, `SHOW GLOBAL STATUS LIKE 'wsrep_${name}'`).trim().split('\t')[1]

test('the only primary node is stopped while it sends to a joiner: started again, both are there with all rows', async () => {
  await using cluster = await behind(194)
  const [joiner, donor] = cluster.nodes as [TestNode, TestNode]
  const from = logOf(joiner).length
  const starting = cluster.run(joiner, 'start', '--timeout', '120')
  await logged(joiner, from, 'Requesting state transfer: success')
  await cluster.must(donor, 'stop')
  await cluster.must(donor, 'start', '--timeout', '60')
  expect(await starting).toMatchObject({ exitCode: 0 })
  for (const node of cluster.nodes) expect(rows(node)).toBe(String(ROWS))
})

test('a joiner that was alone in the group for a moment, without complete state, and is killed: it does not start the cluster with what it has', async () => {
  await using cluster = await behind(195)
  const [joiner, donor] = cluster.nodes as [TestNode, TestNode]
  const from = logOf(joiner).length
  const starting = cluster.run(joiner, 'start', '--timeout', '5')
  await logged(joiner, from, 'IST applying starts')
  const stopping = cluster.must(donor, 'stop')
  // Galera writes gvwstate.dat for a view that is primary for its group layer alone.
  await waitFor('the joiner is alone', async () => (members(joiner) === 1 ? true : undefined), { timeout: 30_000, interval: 5 })
  cluster.kill([joiner])
  expect(logOf(joiner).slice(from)).not.toContain('IST received')
  await Promise.all([starting, stopping])
  expect(await cluster.run(joiner, 'start', '--timeout', '15')).toMatchObject({ exitCode: 4 })
  await cluster.must(donor, 'start', '--timeout', '60')
  await cluster.must(joiner, 'start', '--timeout', '60')
  for (const node of cluster.nodes) expect(rows(node)).toBe(String(ROWS))
})

test.each(['mariabackup', 'rsync', 'mysqldump'])('a joiner is stopped in the middle of a transfer by %s: the only other node stays primary or is it again at once', async (method) => {
  using network = makeNetwork(2)
  await using two = await makePair(0, method, { network })
  const { cluster, donor, joiner } = two
  asRoot(donor, 'CREATE TABLE t (id INT PRIMARY KEY, x VARCHAR(2000)); INSERT INTO t SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_100000')
  await emptied(cluster, joiner)
  const from = logOf(joiner).length
  const starting = cluster.run(joiner, 'start', '--timeout', '60')
  network.limit('40mbit')
  await logged(joiner, from, method === 'mysqldump' ? 'from n1: 0 of 1 tables' : 'Requesting state transfer: success')
  await cluster.run(joiner, 'stop')
  await waitFor('n1 is primary alone', async () => (wsrep(donor, 'cluster_size') === '1' && wsrep(donor, 'cluster_status') === 'Primary' ? true : undefined), { timeout: 12_000 })
  asRoot(donor, "INSERT INTO t VALUES (0, 'written while the joiner is away')")
  await starting
  network.limit(null)
  await cluster.must(joiner, 'start')
  expect(sums(joiner)).toBe(sums(donor))
})

test("a joiner's mariadbd hangs while no transfer runs: it says so, is started anew and joins; the others go on", async () => {
  await using cluster = await makeCluster(196, 3)
  const [first, , joiner] = cluster.nodes as [TestNode, TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await cluster.must(joiner, 'stop')
  asRoot(first, 'CREATE TABLE t (id INT PRIMARY KEY)')
  const from = logOf(joiner).length
  const starting = cluster.run(joiner, 'start', '--timeout', '150')
  await logged(joiner, from, 'Server status change connected -> joiner')
  const hung = cluster.serverPid(joiner)
  process.kill(hung, 'SIGSTOP')
  try {
    await waitFor('the group goes on without it', async () => (wsrep(first, 'cluster_size') === '2' ? true : undefined), { timeout: 30_000 })
    asRoot(first, 'INSERT INTO t VALUES (1)')
    const { exitCode, stderr } = await starting
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/hangs/) })
  } finally {
    // Who has ended it: nobody.
    if (cluster.serverPid(joiner) === hung) process.kill(hung, 'SIGKILL')
  }
  expect(rows(joiner)).toBe('1')
}, 240_000)

test('a configuration that no node starts with and a power cut: without it all are there again', async () => {
  await using cluster = await makeCluster(197, 3)
  const startAll = (timeout: string) => Promise.all(cluster.nodes.map((one) => cluster.run(one, 'start', '--timeout', timeout)))
  const wrong = (one: TestNode) => join(one.gear, 'conf/conf.d/wrong.cnf')
  await startAll('60')
  // The servers re-form under new UUIDs and abort; which of them leave a gvwstate.dat behind is a matter of milliseconds.
  for (let round = 0; round < 4; round++) {
    for (const one of cluster.nodes) writeFileSync(wrong(one), '[mariadbd]\ndefault_time_zone = Europe/Nope\n')
    cluster.kill(cluster.nodes)
    await startAll('10')
    for (const one of cluster.nodes) rmSync(wrong(one))
    // The first answer may still be about an attempt with it.
    await startAll('30')
    for (const one of cluster.nodes) await waitFor(`${one.name} is Synced`, async () => ((await cluster.run(one, 'status')).exitCode === 0 ? true : undefined), { timeout: 30_000, interval: 500 })
  }
}, 420_000)
