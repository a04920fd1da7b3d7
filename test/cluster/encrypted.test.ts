import { randomBytes } from 'node:crypto'
import { appendFileSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot, emptied } from '../support/transfer.ts'

/** Encryption at rest, with keys in a file: 127.0.204.x. */
let cluster: TestCluster
const node = (at: number) => cluster.nodes[at] as TestNode
const confOf = (one: TestNode) => join(one.gear, 'conf/conf.d/encryption.cnf')

beforeAll(async () => {
  cluster = await makeCluster(204, 2)
  const keys = join(cluster.folder, 'keys')
  writeFileSync(keys, `1;${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const { uid, gid } = statSync(node(0).gear)
  chownSync(keys, uid, gid)
  for (const one of cluster.nodes) {
    // Setup makes the datadir with these settings there.
    rmSync(join(one.gear, 'data'), { recursive: true })
    writeFileSync(confOf(one), ['[mariadbd]', 'plugin_load_add = file_key_management', `file_key_management_filename = ${keys}`, 'innodb_encrypt_tables = FORCE', 'innodb_encrypt_log = ON', 'innodb_encryption_threads = 1', 'aria_encrypt_tables = ON', 'encrypt_tmp_disk_tables = ON', 'encrypt_tmp_files = ON', ''].join('\n'))
    await cluster.setup(one)
  }
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(node(0), 'CREATE TABLE app.t (id INT PRIMARY KEY); INSERT INTO app.t VALUES (1), (2)')
})
afterAll(() => cluster?.[Symbol.asyncDispose]())

const ids = (one: TestNode) => asRoot(one, 'SELECT GROUP_CONCAT(id ORDER BY id) FROM app.t').trim()

test('snapshots of encrypted tables are verified to the depth and restored, and the others join by mariabackup', async () => {
  for (const [id, ...options] of [['files'], ['rows', '--logical']] as const) {
    await cluster.must(node(0), 'snapshot', 'create', '--name', id, ...options)
    expect((await cluster.must(node(0), 'snapshot', 'verify', id, '--deep')).stdout).toContain('found nothing')
    asRoot(node(0), 'INSERT INTO app.t VALUES (3)')
    await cluster.must(node(0), 'restore', id, '--cluster', '--yes', 'test')
    for (const one of cluster.nodes) expect(ids(one)).toBe('1,2')
  }
  await emptied(cluster, node(1))
  await cluster.must(node(1), 'start')
  expect(ids(node(1))).toBe('1,2')
})

test('encrypted binary logs are not archived: setup and start say the way out', async () => {
  const archive = join(cluster.folder, 'archive')
  mkdirSync(archive)
  const { uid, gid } = statSync(node(1).gear)
  chownSync(archive, uid, gid)
  await cluster.must(node(1), 'stop')
  await cluster.must(node(1), 'setup', '--archive', archive)
  appendFileSync(confOf(node(1)), 'encrypt_binlog = ON\n')
  for (const command of ['setup', 'start']) expect(await cluster.run(node(1), command)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/encrypt_binlog = ON[^]*--archive ""/) })
  await cluster.must(node(1), 'setup', '--archive', '')
  await cluster.must(node(1), 'start')
})
