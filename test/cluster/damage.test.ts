import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, renameSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { wrongWith } from '../support/whole.ts'

/** Three real nodes on 127.0.43.x whose files are damaged. */
let cluster: TestCluster
const ids: number[] = []

beforeAll(async () => {
  cluster = await makeCluster(43, 3)
  await startAll()
  // On the node that writes first.
  await cluster.sql(node(1), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY, word LONGTEXT)'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const inData = (at: number, file: string) => join(node(at).gear, 'data', file)
const startAll = () => Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
const expectWhole = () => expect.poll(() => wrongWith(cluster, ids), { timeout: 90_000, interval: 300 }).toBeNull()

async function write(at: number, word = ''): Promise<void> {
  const id = ids.length + 1
  await cluster.sql(node(at), (sql) => sql.query('INSERT INTO ledger VALUES (?, ?)', [id, word]))
  ids.push(id)
}

async function loseDisk(at: number): Promise<void> {
  rmSync(join(node(at).gear, 'data'), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  await cluster.setup(node(at))
}

test('power cut of all, and one disk is lost: the others resume with every write, and it takes the state from them', async () => {
  await write(1)
  cluster.kill(cluster.nodes)
  await loseDisk(1)
  await startAll()
  await expectWhole()
})

test('a state transfer that was cut off, flag 1 in its grastate.dat: it never starts the cluster', async () => {
  await write(0)
  cluster.kill([node(2)])
  await loseDisk(2)
  const joining = cluster.run(node(2), 'start', '--timeout', '30')
  await expect.poll(() => existsSync(inData(2, 'sst_in_progress')), { timeout: 30_000, interval: 5 }).toBe(true)
  cluster.kill([node(2)])
  await joining
  writeFileSync(inData(2, 'grastate.dat'), '# GALERA saved state\nversion: 2.1\nuuid:    00000000-0000-0000-0000-000000000000\nseqno:   -1\nsafe_to_bootstrap: 1\n')
  cluster.kill(cluster.nodes)
  const alone = await cluster.run(node(2), 'start', '--timeout', '3')
  expect(alone).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('n1') })
  await startAll()
  await expectWhole()
})

test('a stale gvwstate.dat, an empty one, a torn grastate.dat: one cluster all the same', async () => {
  copyFileSync(inData(0, 'gvwstate.dat'), join(cluster.folder, 'stale'))
  cluster.kill(cluster.nodes)
  await startAll()
  await cluster.must(node(1), 'restart')
  await write(2)
  cluster.kill(cluster.nodes)
  copyFileSync(join(cluster.folder, 'stale'), inData(0, 'gvwstate.dat'))
  truncateSync(inData(1, 'gvwstate.dat'), 0)
  truncateSync(inData(2, 'grastate.dat'), 30)
  await startAll()
  await expectWhole()
})

test('a node whose disk is full leaves; with room again it comes back, and nothing is lost', async () => {
  await cluster.must(node(2), 'stop')
  const data = join(node(2).gear, 'data')
  renameSync(data, `${data}.kept`)
  execFileSync('install', ['-d', '-o', 'mysql', '-g', 'mysql', '-m', '750', data])
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320m', 'tmpfs', data])
  try {
    cpSync(`${data}.kept`, data, { recursive: true })
    execFileSync('chown', ['-R', 'mysql:mysql', data])
    await cluster.must(node(2), 'start')
    const { bavail, bsize } = statfsSync(data)
    execFileSync('fallocate', ['-l', String(bavail * bsize - 1_000_000), join(data, 'filler')])
    for (let row = 0; row < 12; row++) await write(0, 'x'.repeat(1_000_000))
    await expect.poll(async () => (await cluster.run(node(2), 'status', '--json')).exitCode, { timeout: 60_000, interval: 300 }).not.toBe(0)
    await write(1)
    rmSync(join(data, 'filler'))
    await cluster.must(node(2), 'restart')
    await expectWhole()
  } finally {
    cluster.kill([node(2)])
    execFileSync('umount', ['--lazy', data])
  }
})
