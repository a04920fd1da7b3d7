import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXECUTABLE, makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'
import { SeqnoWriter } from '../support/seqno-writer.ts'

/** Restores of a cluster of three real nodes on 127.0.56.x. */
let cluster: TestCluster

beforeAll(async () => {
  cluster = await makeCluster(56, 3)
  const archive = join(cluster.folder, 'archive')
  mkdirSync(archive)
  chmodSync(archive, 0o777)
  for (const one of cluster.nodes) await cluster.must(one, 'setup', '--archive', archive)
  await startAll()
  asRoot(node(0), 'CREATE TABLE app.ledger (id INT PRIMARY KEY)')
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const startAll = () => Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
const ids = (one: TestNode) => asRoot(one, 'SELECT id FROM app.ledger ORDER BY id').trim().split('\n').map(Number)
const history = (one: TestNode) => asRoot(one, "SHOW STATUS LIKE 'wsrep_cluster_state_uuid'").trim().split('\t')[1]
const seqnoOf = async (id: string, one = node(1)) => BigInt((JSON.parse((await cluster.must(one, 'snapshot', 'show', id, '--json')).stdout) as { position: { seqno: string } }).position.seqno)

async function expectRestored(expected: readonly number[]): Promise<void> {
  await expect.poll(() => Promise.all(cluster.nodes.map(async (one) => (JSON.parse((await cluster.run(one, 'status', '--json')).stdout) as { synced: boolean; clusterSize: number }))).then((all) => all.map(({ synced, clusterSize }) => synced && clusterSize === 3)), { timeout: 90_000, interval: 200 }).toEqual([true, true, true])
  for (const one of cluster.nodes) expect(ids(one)).toEqual(expected)
  expect(new Set(cluster.nodes.map(history)).size).toBe(1)
}

let kept: readonly number[] = []
let atSnapshot: readonly number[] = []
let all: readonly number[] = []
/** The second in which everything was deleted, and the GTID before. */
let mistake = ''
let beforeMistake = 0n

const now = () => Number(asRoot(node(2), 'SELECT UNIX_TIMESTAMP()'))
const gtidNow = (one: TestNode) => BigInt(asRoot(one, 'SELECT @@gtid_binlog_pos').trim().split('-').at(-1) ?? '-1')

/** Binary logs have whole seconds. */
async function secondOfItsOwn(): Promise<string> {
  const before = now()
  await expect.poll(now, { interval: 20 }).toBeGreaterThan(before)
  return new Date(now() * 1000).toISOString()
}

test('everything is deleted by mistake: the running cluster is restored, with all that was acknowledged up to the position of the snapshot and nothing beyond it', async () => {
  const before = history(node(0))
  const writer = new SeqnoWriter(node(0))
  await writer.reached(50)
  await cluster.must(node(1), 'snapshot', 'create', '--name', 's1')
  await writer.reached(writer.acknowledged.length + 50)
  await writer.end()
  const position = await seqnoOf('s1')
  atSnapshot = writer.acknowledged.filter(({ seqno }) => seqno <= position).map(({ id }) => id)
  kept = atSnapshot
  expect(kept.length).toBeGreaterThanOrEqual(50)
  expect(kept.length).toBeLessThan(writer.acknowledged.length)
  all = writer.acknowledged.map(({ id }) => id)
  mistake = await secondOfItsOwn()
  asRoot(node(2), 'DROP TABLE app.ledger')
  beforeMistake = gtidNow(node(2)) - 1n

  expect(await cluster.run(node(1), 'restore', 's1', '--yes', 'test')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('the cluster runs on n1, n3') })
  expect(await cluster.run(node(1), 'restore', 's1', '--cluster')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--yes test') })
  expect(await cluster.run(node(1), 'restore', 's1', '--cluster', '--yes', 'tset')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('nothing was done') })
  expect(history(node(1))).toBe(before)

  await cluster.must(node(1), 'restore', 's1', '--cluster', '--yes', 'test')
  await expectRestored(kept)
  expect(history(node(0))).not.toBe(before)
  for (const one of cluster.nodes) expect((JSON.parse((await cluster.must(one, 'rescued', '--json')).stdout) as { rescued: { fork: { why: string } }[] }).rescued.map(({ fork }) => fork.why)).toEqual(['restored'])
})

test('with the archive, it is restored to the second before the mistake, or to a GTID: with every acknowledged row', async () => {
  expect(await cluster.run(node(1), 'restore', 's1', '--cluster', '--yes', 'test', '--to-time', '2030-01-01T00:00:00Z')).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/the archive ends at 0-\d+-\d+ .*before 2030/) })
  expect(await cluster.run(node(1), 'restore', 's1', '--cluster', '--yes', 'test', '--to-gtid', '0-1-1')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is before the snapshot') })
  const restored = await cluster.must(node(1), 'restore', 's1', '--cluster', '--yes', 'test', '--to-time', mistake)
  expect(restored.stdout).toMatch(/\d+ transactions replayed, up to 0-\d+-\d+/)
  await expectRestored(all)
  // What follows begins from the snapshot alone again.
  await cluster.must(node(1), 'restore', 's1', '--cluster', '--yes', 'test', '--to-gtid', `0-1-${beforeMistake}`)
  await expectRestored(all)
  kept = all
})

test('a damaged part, a missing key, a wrong key: told before anything is touched, and the cluster runs on', async () => {
  const keys = ['key', 'other'].map((name) => join(cluster.folder, name))
  for (const key of keys) writeFileSync(key, `the passphrase in ${key}\n`, { mode: 0o644 })
  const [key = '', other = ''] = keys
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'sealed', '--key-file', key)
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'damaged')
  const path = join(node(1).gear, 'snapshots/damaged/data.000001')
  const bytes = readFileSync(path)
  bytes[5000] = (bytes[5000] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const restore = (...args: string[]) => cluster.run(node(1), 'restore', '--cluster', '--yes', 'test', ...args)
  expect(await restore('sealed')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is encrypted and needs its passphrase') })
  expect(await restore('sealed', '--key-file', other)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('does not decrypt') })
  expect(await restore('damaged')).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/data\.000001|zstd/) })
  expect(await restore('nowhere')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('There are: s1, sealed, damaged') })
  expect(await cluster.run(node(1), 'snapshot', 'verify', 'damaged')).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('data.000001: its content was changed') })
  expect(await cluster.must(node(1), 'snapshot', 'verify', 'sealed', '--deep', '--key-file', key)).toMatchObject({ stdout: expect.stringMatching(/CHECK TABLE on \d+ tables found nothing/) })
  await expectRestored(kept)
})

/** Kills a restore as soon as its note says that this step is done. */
async function cutAfter(step: string, ...args: readonly string[]): Promise<void> {
  const child: ChildProcess = spawn(EXECUTABLE, ['--gear', node(0).gear, 'restore', ...args], { stdio: 'ignore' })
  const note = join(node(0).gear, 'restore/restore.json')
  const done = () => {
    try {
      return (JSON.parse(readFileSync(note, 'utf8')) as { done: string }).done
    } catch {
      return null
    }
  }
  await expect.poll(done, { timeout: 30_000, interval: 1 }).toBe(step)
  child.kill('SIGKILL')
}

test('killed after any step and run again, a restore goes on; until the exchange the old data is what starts', async () => {
  const file = join(cluster.folder, 's1.tar')
  await cluster.must(node(1), 'snapshot', 'export', 's1', '--to', join(node(1).gear, 's1.tar'))
  await cluster.must(node(0), 'snapshot', 'import', join(node(1).gear, 's1.tar'))
  rmSync(file, { force: true })
  asRoot(node(0), 'INSERT INTO app.ledger VALUES (1000000)')
  const before = history(node(0))
  for (const step of ['begun', 'unpacked', 'prepared']) {
    await cutAfter(step, 's1', '--cluster', '--yes', 'test')
    expect(history(node(0))).toBe(before)
  }
  // The old datadir could not be kept: that is known before anything is stopped.
  rmSync(join(node(0).gear, 'rescued'), { recursive: true, force: true })
  writeFileSync(join(node(0).gear, 'rescued'), '')
  expect(await cluster.run(node(0), 'restore', 's1', '--cluster', '--yes', 'test')).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/goes on after the step "(prepared|ready)"[\s\S]*rescued/) })
  expect(history(node(0))).toBe(before)
  rmSync(join(node(0).gear, 'rescued'))
  // What is ready needs no snapshot any more.
  rmSync(join(node(0).gear, 'snapshots'), { recursive: true })
  await cluster.must(node(0), 'restore', 's1', '--cluster', '--yes', 'test')
  await expectRestored(atSnapshot)
  kept = atSnapshot
  expect(history(node(0))).not.toBe(before)
  expect(readdirSync(node(0).gear)).not.toContain('restore')
})

test('all gears are lost: new ones take the snapshot, and a node that kept its old data moves it aside', async () => {
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'last')
  const archive = join(cluster.folder, 'last.tar')
  writeFileSync(archive, '', { mode: 0o666 })
  await cluster.must(node(1), 'snapshot', 'export', 'last', '--to', join(node(1).gear, 'last.tar'))
  writeFileSync(archive, readFileSync(join(node(1).gear, 'last.tar')))
  cluster.kill(cluster.nodes)
  for (const at of [0, 1]) rmSync(node(at).gear, { recursive: true, maxRetries: 20, retryDelay: 100 })
  for (const at of [0, 1]) await cluster.setup(node(at))
  expect(await cluster.run(node(0), 'restore', '--from', archive, '--yes', 'test')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('no answer from n2, n3') })
  await cluster.must(node(0), 'restore', '--from', archive, '--yes', 'test', '--without', 'n2', 'n3')
  await Promise.all([1, 2].map((at) => cluster.must(node(at), 'start')))
  await expectRestored(kept)
})

test('a snapshot of another cluster, with another secret, is restored on this one: its rows, and the users of this one', async () => {
  await using other = await makeCluster(58, 1, { setup: ['--app-database', 'app'] })
  const [alone] = other.nodes as [TestNode]
  await other.must(alone, 'start')
  asRoot(alone, 'CREATE TABLE app.ledger (id INT PRIMARY KEY); INSERT INTO app.ledger VALUES (7)')
  await other.must(alone, 'snapshot', 'create', '--name', 'foreign')
  // Its first start fails before it is Primary: what was restored is not taken for what it replaces.
  const hindrance = join(alone.gear, 'conf/conf.d/wrong.cnf')
  await other.must(alone, 'stop')
  await other.must(alone, 'restore', 'foreign', '--yes', 'test', '--no-start')
  writeFileSync(hindrance, '[mariadbd]\nwsrep_cluster_name = \ninnodb_page_size = 3\n')
  expect((await other.run(alone, 'start', '--timeout', '10')).exitCode).not.toBe(0)
  rmSync(hindrance)
  cluster.kill([alone])
  await other.must(alone, 'start')
  expect(ids(alone)).toEqual([7])
  await other.must(alone, 'snapshot', 'export', 'foreign', '--to', join(alone.gear, 'foreign.tar'))
  await cluster.must(node(2), 'restore', '--from', join(alone.gear, 'foreign.tar'), '--cluster', '--yes', 'test')
  await expectRestored([7])
  await cluster.sql(node(0), async (sql) => expect((await sql.query('SELECT id FROM ledger'))[0]).toEqual([{ id: 7 }]))
})
