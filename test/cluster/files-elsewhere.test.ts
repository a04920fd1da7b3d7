import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot, emptied } from '../support/transfer.ts'
import { waitFor } from '../../src/system/wait.ts'

/** Files of a datadir that the owner's conf.d wants in other folders: 127.0.200.x to 127.0.202.x. */

type Group = 'redo' | 'undo' | 'aria' | 'home'

const OPTIONS: Readonly<Record<Group, string>> = { redo: 'innodb_log_group_home_dir', undo: 'innodb_undo_directory', aria: 'aria_log_dir_path', home: 'innodb_data_home_dir' }
const FILES: Readonly<Record<Group, readonly string[]>> = { redo: ['ib_logfile0'], undo: ['undo001', 'undo002', 'undo003'], aria: ['aria_log.00000001', 'aria_log_control'], home: ['ibdata1'] }

const placeOf = (node: TestNode, group: Group) => join(node.gear, '..', `${node.name}-${group}`)

/** Two gears whose conf.d was there before their datadir. */
async function makeApart(net: number, method: string, groups: readonly Group[], more = ''): Promise<TestCluster> {
  const cluster = await makeCluster(net, 2, { setup: ['--sst-method', method] })
  for (const node of cluster.nodes) {
    rmSync(join(node.gear, 'data'), { recursive: true })
    const { uid, gid } = statSync(node.gear)
    for (const group of groups) {
      mkdirSync(placeOf(node, group))
      chownSync(placeOf(node, group), uid, gid)
    }
    writeFileSync(join(node.gear, 'conf/conf.d/apart.cnf'), ['[mariadbd]', 'innodb_undo_tablespaces = 3', ...groups.map((group) => `${OPTIONS[group]} = ${placeOf(node, group)}`), more, ''].join('\n'))
    await cluster.setup(node)
  }
  return cluster
}

function expectApart(node: TestNode, groups: readonly Group[]): void {
  for (const group of groups) {
    expect(readdirSync(placeOf(node, group))).toEqual(expect.arrayContaining([...FILES[group]]))
    expect(readdirSync(join(node.gear, 'data'))).not.toEqual(expect.arrayContaining([FILES[group][0]]))
  }
}

const ids = (node: TestNode) => asRoot(node, 'SELECT GROUP_CONCAT(id ORDER BY id) FROM app.t').trim()
const fingerprint = (node: TestNode, groups: readonly Group[]) => groups.flatMap((group) => readdirSync(placeOf(node, group)).map((name) => [name, statSync(join(placeOf(node, group), name)).mtimeMs] as const)).filter(([name]) => !name.startsWith('ibtmp'))

/** A server on a datadir that was moved aside, as `galeractl rescued` says. */
async function rescuedIds(cluster: TestCluster, node: TestNode): Promise<string> {
  const { rescued } = JSON.parse((await cluster.must(node, 'rescued', '--json')).stdout) as { rescued: { folder: string }[] }
  const folder = rescued.at(-1)?.folder ?? ''
  expect((await cluster.must(node, 'rescued')).stdout).toContain(`mariadbd --defaults-file=${folder}/my.cnf`)
  const server = spawn('mariadbd', [`--defaults-file=${folder}/my.cnf`], { uid: statSync(folder).uid, gid: statSync(folder).gid, stdio: 'ignore' })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    return await waitFor('the rescued data to answer', async () => {
      if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`)
      try {
        return execFileSync('mariadb', ['-uroot', '-NBS', `${folder}/s.sock`, '-e', 'SELECT GROUP_CONCAT(id ORDER BY id) FROM app.t'], { encoding: 'utf8', stdio: 'pipe' }).trim()
      } catch {
        return undefined
      }
    }, { timeout: 60_000 })
  } finally {
    server.kill('SIGKILL')
    await ended
  }
}

describe('redo log, undo, Aria log and system tablespace elsewhere, with 32 KiB pages', () => {
  const groups = ['redo', 'undo', 'aria', 'home'] as const
  let cluster: TestCluster
  const node = (at: number) => cluster.nodes[at] as TestNode

  beforeAll(async () => {
    cluster = await makeApart(200, 'mariabackup', groups, 'innodb_page_size = 32k')
    await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
    asRoot(node(0), 'CREATE TABLE app.t (id INT PRIMARY KEY); INSERT INTO app.t VALUES (1), (2)')
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  test('setup makes a node that starts, and another joins it by mariabackup', () => {
    for (const one of cluster.nodes) expectApart(one, groups)
  })

  test('a snapshot is verified on a server of its own: the files of the node that runs are not touched, and it is found again as it was', async () => {
    await cluster.must(node(0), 'snapshot', 'create', '--name', 's1')
    asRoot(node(0), 'INSERT INTO app.t VALUES (3)')
    await cluster.must(node(0), 'stop')
    const before = fingerprint(node(0), groups)
    expect((await cluster.must(node(0), 'snapshot', 'verify', 's1', '--deep')).stdout).toContain('found nothing')
    expect(fingerprint(node(0), groups)).toEqual(before)
    await cluster.must(node(0), 'start')
    expect((await cluster.must(node(0), 'snapshot', 'verify', 's1', '--deep')).stdout).toContain('found nothing')
    expect(ids(node(0))).toBe('1,2,3')
  })

  test('restored, each file is where the settings want it; what was moved aside is whole and opens by itself', async () => {
    await cluster.must(node(0), 'restore', 's1', '--cluster', '--yes', 'test')
    for (const one of cluster.nodes) {
      expect(ids(one)).toBe('1,2')
      expectApart(one, groups)
      expect(await rescuedIds(cluster, one)).toBe('1,2,3')
    }
  })

  test('a snapshot with rows as text is restored there too', async () => {
    await cluster.must(node(1), 'snapshot', 'create', '--logical', '--name', 'l1')
    expect((await cluster.must(node(1), 'snapshot', 'verify', 'l1', '--deep')).stdout).toContain('row counts are as recorded')
    await cluster.must(node(1), 'restore', 'l1', '--cluster', '--yes', 'test')
    for (const one of cluster.nodes) expectApart(one, groups)
    expect(ids(node(0))).toBe('1,2')
  })

  test('what lies there without a datadir is not overwritten: setup says so', async () => {
    await cluster.must(node(1), 'stop')
    rmSync(join(node(1).gear, 'data'), { recursive: true })
    expect(await cluster.run(node(1), 'setup')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is there already, but no datadir that it belongs to') })
  })
})

describe.each([[201, 'rsync'], [202, 'mysqldump']] as const)('redo log and undo elsewhere', (net, method) => {
  const groups = ['redo', 'undo'] as const

  test(`nodes join by ${method}, at first and after they have lost everything`, async () => {
    await using cluster = await makeApart(net, method, groups)
    const [donor, joiner] = cluster.nodes as [TestNode, TestNode]
    await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
    asRoot(donor, 'CREATE TABLE app.t (id INT PRIMARY KEY); INSERT INTO app.t VALUES (1), (2)')
    for (const one of cluster.nodes) expectApart(one, groups)
    for (const group of groups) expect(readdirSync(placeOf(joiner, group))).not.toEqual([])
    await cluster.must(joiner, 'stop')
    for (const group of groups) for (const name of readdirSync(placeOf(joiner, group))) rmSync(join(placeOf(joiner, group), name))
    await emptied(cluster, joiner)
    await cluster.must(joiner, 'start')
    expect(ids(joiner)).toBe('1,2')
    expectApart(joiner, groups)
  })
})
