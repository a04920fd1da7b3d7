import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** Three real nodes on 127.0.231.x; the gear of the third lies on a small disk. */
let cluster: TestCluster

beforeAll(async () => {
  cluster = await makeCluster(231, 3)
  const { gear } = node(2)
  renameSync(gear, `${gear}.kept`)
  mkdirSync(gear)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=900m', 'tmpfs', gear])
  execFileSync('cp', ['-a', `${gear}.kept/.`, gear])
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(node(0), 'CREATE TABLE app.t (id INT AUTO_INCREMENT PRIMARY KEY, b LONGBLOB)')
})
afterAll(async () => {
  cluster.kill(cluster.nodes)
  execFileSync('umount', ['--lazy', node(2).gear])
  await cluster[Symbol.asyncDispose]()
})

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const status = async (at: number) => JSON.parse((await cluster.run(node(at), 'status', '--json')).stdout) as { synced: boolean; message: string; failure: { code: string; message: string } | null }
const log = (at: number, name: string) => readFileSync(join(node(at).gear, 'log', name), 'utf8')
const filler = () => join(node(2).gear, 'filler')
const rows = (at: number) => asRoot(node(at), 'SET SESSION wsrep_sync_wait = 1; SELECT COUNT(*), SUM(CRC32(b)) FROM app.t')
const write = (megabytes: number) => asRoot(node(0), `INSERT INTO app.t (b) SELECT REPEAT(UUID(), 29127) FROM seq_1_to_${megabytes}`)
const expectSynced = () => expect.poll(async () => (await status(2)).synced, { timeout: 120_000, interval: 300 }).toBe(true)
/** What a state transfer that begins would replace. */
const files = () => ['ibdata1', 'app/t.ibd', 'grastate.dat'].map((name) => statSync(join(node(2).gear, 'data', name)).ino)

function fillUpTo(left: number): void {
  const { bavail, bsize } = statfsSync(node(2).gear)
  execFileSync('fallocate', ['-l', String(bavail * bsize - left), filler()])
}

test('a full disk is told by name, and the node waits for room with its data as it is', async () => {
  fillUpTo(2_000_000)
  write(12)
  await expect.poll(async () => (await status(2)).failure, { timeout: 120_000, interval: 300 }).toMatchObject({ code: 'disk-full', message: expect.stringMatching(/^the disk of \S+\/n3\/data is full: \d+ MiB are free there, 64 MiB are needed to start mariadbd$/) })
  expect(log(2, 'agent.log')).toMatch(/which has ended/)
  expect(log(2, 'agent.log')).toMatch(/the disk of \S+\/n3\/data is full \(\[ERROR\] InnoDB: preallocating \d+ bytes for file .\/app\/t.ibd failed with error 28\); \d+ MiB are free there now/)
  expect(await cluster.run(node(2), 'start', '--timeout', '30')).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('MiB are needed') })
  rmSync(filler())
  await expectSynced()
  expect(rows(2)).toBe(rows(0))
})

test('a full copy that does not fit does not begin: the data stays, and with room the node comes back by itself', async () => {
  await cluster.must(node(2), 'stop')
  for (let round = 0; round < 5; round++) write(25)
  // Nobody has the write-sets any more.
  for (const at of [1, 0]) await cluster.must(node(at), 'stop')
  for (const at of [0, 1]) rmSync(join(node(at).gear, 'data/galera.cache'))
  await Promise.all([0, 1].map((at) => cluster.must(node(at), 'start')))
  fillUpTo(90_000_000)
  const before = files()
  expect(await cluster.run(node(2), 'start', '--timeout', '60')).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/a full copy of n[12]'s data does not fit on the disk of \S+\/n3\/data: it needs \d+ MiB, \d+ MiB are free there/) })
  expect((await cluster.run(node(2), 'status')).stdout).toContain('does not fit')
  expect(files()).toEqual(before)
  rmSync(filler())
  await expectSynced()
  expect(rows(2)).toBe(rows(0))
})
