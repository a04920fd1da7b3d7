import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXECUTABLE, makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { processesOf } from '../platform/broker.ts'
import { asRoot } from '../support/transfer.ts'

/** Snapshots of three real nodes on 127.0.44.x, and what can go wrong while one is taken. */
let cluster: TestCluster

beforeAll(async () => {
  cluster = await makeCluster(44, 3)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(node(0), 'CREATE TABLE app.large (id INT PRIMARY KEY, t LONGBLOB); INSERT INTO app.large SELECT seq, RANDOM_BYTES(1024) FROM seq_1_to_40000')
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const desynced = (one: TestNode) => asRoot(one, 'SELECT @@wsrep_desync').trim()
const expectSynced = (one: TestNode) => expect.poll(async () => (JSON.parse((await cluster.run(one, 'status', '--json')).stdout) as { synced: boolean }).synced, { timeout: 30_000 }).toBe(true)
const backups = (one: TestNode) => processesOf(one.gear).filter(({ command }) => command.includes('mariadb-backup'))
const listed = async (one: TestNode) => (JSON.parse((await cluster.must(one, 'snapshot', 'list', '--json')).stdout) as { snapshots: { id: string }[] }).snapshots.map(({ id }) => id)

/** A snapshot whose taker reads a little and then nothing more: it is in the middle until it is ended. */
async function inTheMiddle(one: TestNode): Promise<ChildProcess & { readonly ended: Promise<{ code: number | null; stderr: string }> }> {
  const child = spawn(EXECUTABLE, ['--gear', one.gear, 'snapshot', 'create', '--to-command', 'head -c 1000 >/dev/null; exec sleep 1000'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (part) => (stderr += String(part)))
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => child.once('close', (code) => resolve({ code, stderr })))
  await expect.poll(() => backups(one).length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0)
  expect(desynced(one)).toBe('1')
  return Object.assign(child, { ended })
}

test('a node is desynced for the time of a snapshot only, and the snapshot has the position of the cluster', async () => {
  const created = JSON.parse((await cluster.must(node(1), 'snapshot', 'create', '--name', 'first', '--json')).stdout.trim().split('\n').at(-1) ?? '') as { snapshot: { position: { uuid: string; seqno: string } } }
  expect(`${created.snapshot.position.uuid}:${created.snapshot.position.seqno}`).toBe(asRoot(node(0), "SELECT CONCAT((SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_cluster_state_uuid'), ':', (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_last_committed'))").trim())
  expect(desynced(node(1))).toBe('0')
  expect(await listed(node(1))).toEqual(['first'])
})

test('while one runs, another is refused: here, on another node, and where no other node is Synced', async () => {
  const running = await inTheMiddle(node(1))
  expect(await cluster.run(node(1), 'snapshot', 'create')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('another snapshot') })
  expect(await cluster.run(node(2), 'snapshot', 'create')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('n2 is not Synced') })
  running.kill('SIGINT')
  expect(await running.ended).toMatchObject({ code: 5, stderr: expect.stringContaining('ended by SIGINT') })
  expect([desynced(node(1)), backups(node(1))]).toEqual(['0', []])
  // One after the other: of three that leave at the same moment two may take the quorum along.
  for (const at of [0, 2]) await cluster.must(node(at), 'stop')
  expect(await cluster.run(node(1), 'snapshot', 'create')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('the last one that takes writes') })
  await cluster.must(node(1), 'snapshot', 'create', '--from-last-writer', '--name', 'alone')
  await Promise.all([0, 2].map((at) => cluster.must(node(at), 'start')))
})

test('galeractl is killed in the middle: the agent syncs the node again, no backup runs on, nothing is listed', async () => {
  const before = await listed(node(1))
  const running = await inTheMiddle(node(1))
  running.kill('SIGKILL')
  await expect.poll(() => [desynced(node(1)), backups(node(1)).length]).toEqual(['0', 0])
  // Into a folder, and killed when there is something in it.
  const child = spawn(EXECUTABLE, ['--gear', node(1).gear, 'snapshot', 'create', '--name', 'cut', '--level', '19'], { stdio: 'ignore' })
  const partial = join(node(1).gear, 'snapshots/.cut.partial/data.000001')
  await expect.poll(() => existsSync(partial), { timeout: 20_000, interval: 5 }).toBe(true)
  child.kill('SIGKILL')
  await expect.poll(() => desynced(node(1))).toBe('0')
  expect(await listed(node(1))).toEqual(before)
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'cut')
  expect(readdirSync(join(node(1).gear, 'snapshots')).filter((name) => name.startsWith('.'))).toEqual([])
})

test('the agent is killed in the middle: the snapshot ends with an error, and the next agent syncs the node', async () => {
  const running = await inTheMiddle(node(1))
  cluster.kill([node(1)], 'agent')
  expect(await running.ended).toMatchObject({ code: 5, stderr: expect.stringContaining('the agent ended') })
  expect(desynced(node(1))).toBe('1')
  await cluster.must(node(1), 'start')
  await expect.poll(() => desynced(node(1))).toBe('0')
  await expectSynced(node(1))
})

test('the server is killed in the middle: the snapshot ends with an error, and the node comes back', async () => {
  const running = await inTheMiddle(node(1))
  cluster.kill([node(1)], 'server')
  expect(await running.ended).toMatchObject({ code: 5, stderr: expect.stringMatching(/mariadbd ended while|mariadb-backup ended with/) })
  await expectSynced(node(1))
  expect(desynced(node(1))).toBe('0')
  expect(existsSync(join(node(1).gear, 'state/desynced.json'))).toBe(false)
})

test('the disk is full: that is told with the file, and nothing is left', async () => {
  const place = join(cluster.folder, 'small')
  mkdirSync(place)
  const owner = execFileSync('stat', ['-c', 'uid=%u,gid=%g', node(1).gear], { encoding: 'utf8' }).trim()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=10m,${owner},mode=750`, 'tmpfs', place])
  try {
    expect(await cluster.run(node(1), 'snapshot', 'create', '--to', place)).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/cannot write .*data\.000001: ENOSPC\n  → The disk is full/) })
    expect(readdirSync(place)).toEqual([])
    expect(desynced(node(1))).toBe('0')
  } finally {
    execFileSync('umount', ['--lazy', place])
  }
})

test('an archive on stdout or in a command is the same snapshot; a command that fails is told with its words', async () => {
  const file = join(cluster.folder, 'a.tar')
  execFileSync('/bin/sh', ['-c', `"$0" --gear "$1" snapshot create --to - >"$2"`, EXECUTABLE, node(1).gear, file], { stdio: 'ignore' })
  await cluster.must(node(2), 'snapshot', 'import', file)
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'piped', '--to-command', `cat >${cluster.folder}/n2/b.tar`)
  await cluster.must(node(2), 'snapshot', 'import', `${cluster.folder}/n2/b.tar`)
  expect(await listed(node(2))).toEqual([expect.stringContaining('-n2'), 'piped'])
  expect(await cluster.run(node(1), 'snapshot', 'create', '--to-command', 'cat >/dev/null; echo no space left >&2; exit 9')).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('ended with 9: no space left') })
})

test('no key is in any argument, environment or log', async () => {
  const key = join(cluster.folder, 'key')
  execFileSync('/bin/sh', ['-c', `echo 'correct horse battery staple' >${key}; chmod 644 ${key}`])
  await cluster.must(node(1), 'snapshot', 'create', '--name', 'sealed', '--key-file', key)
  const shown = (await cluster.must(node(1), 'snapshot', 'show', 'sealed', '--gear-env')).stdout
  const secret = readFileSync(join(cluster.folder, 'secret'), 'utf8').trim()
  expect(shown).toContain('GALERACTL_NAME=n2')
  expect(shown).not.toContain(secret)
  expect((await cluster.must(node(1), 'snapshot', 'show', 'sealed', '--gear-env', '--key-file', key)).stdout).toContain(secret)
  for (const file of ['log/agent.log', 'log/mariadbd.log', 'snapshots/sealed/manifest.json']) expect(readFileSync(join(node(1).gear, file), 'utf8')).not.toMatch(/correct horse/)
})
