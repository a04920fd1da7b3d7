import { chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, scratchFolder, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** Tables with DATA DIRECTORY, on 127.0.205.x; each node has its own disk there, as another host would. */
let cluster: TestCluster
const disks = scratchFolder()
const place = join(disks, 'disk')
const diskOf = (at: number) => join(disks, `n${at + 1}`)
const node = (at: number) => cluster.nodes[at] as TestNode

beforeAll(async () => {
  for (const folder of [place, diskOf(0), diskOf(1)]) mkdirSync(folder)
  cluster = await makeCluster(205, 2, { enter: (at) => ['unshare', '--mount', 'sh', '-c', `mount --bind ${diskOf(at)} ${place} && exec "$@"`, 'sh'] })
  const { uid, gid } = statSync(node(0).gear)
  for (const folder of [place, diskOf(0), diskOf(1)]) chownSync(folder, uid, gid)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(node(0), `CREATE TABLE app.t (id INT PRIMARY KEY) DATA DIRECTORY = '${place}'; INSERT INTO app.t VALUES (1), (2); CREATE TABLE app.p (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10) DATA DIRECTORY = '${place}', PARTITION b VALUES LESS THAN (100)); INSERT INTO app.p VALUES (1), (11)`)
})
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  rmSync(disks, { recursive: true, force: true })
})

const ids = (one: TestNode) => asRoot(one, 'SELECT GROUP_CONCAT(id ORDER BY id) FROM app.t').trim()

test('verified, the live tables are not touched; restored, the files are at their places again on all nodes, with the rows of the snapshot', async () => {
  await cluster.must(node(0), 'snapshot', 'create', '--name', 'files')
  await cluster.must(node(0), 'snapshot', 'create', '--name', 'rows', '--logical')
  asRoot(node(0), 'INSERT INTO app.t VALUES (3)')
  for (const id of ['files', 'rows']) expect((await cluster.must(node(0), 'snapshot', 'verify', id, '--deep')).stdout).toContain('found nothing')
  expect(ids(node(0))).toBe('1,2,3')
  await cluster.must(node(0), 'restore', 'files', '--cluster', '--yes', 'test')
  for (const [at, one] of cluster.nodes.entries()) {
    expect(ids(one)).toBe('1,2')
    expect(asRoot(one, 'SELECT COUNT(*) FROM app.p').trim()).toBe('2')
    expect(asRoot(one, 'SHOW CREATE TABLE app.t')).toContain(`DATA DIRECTORY='${place}/'`)
    for (const file of ['t.ibd', 'p#P#a.ibd']) expect(existsSync(join(diskOf(at), 'app', file))).toBe(true)
  }
})

test('a node that was away for too long takes the whole state over its old tables', async () => {
  await cluster.must(node(1), 'stop')
  asRoot(node(0), 'INSERT INTO app.t VALUES (4)')
  await cluster.must(node(0), 'stop')
  rmSync(join(node(0).gear, 'data/galera.cache'))
  await cluster.must(node(0), 'start')
  await cluster.must(node(1), 'start')
  expect(ids(node(1))).toBe('1,2,4')
})

test('from a logical snapshot the tables are in the datadir, and the restore says so', async () => {
  const { stderr } = await cluster.must(node(0), 'restore', 'rows', '--cluster', '--yes', 'test')
  expect(stderr).toContain(`the table was in ${place}/ (DATA DIRECTORY) and is in the datadir now`)
  for (const one of cluster.nodes) expect(ids(one)).toBe('1,2')
})
