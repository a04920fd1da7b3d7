import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { waitFor } from '../../src/system/wait.ts'
import type { TestNode } from '../support/cluster.ts'
import { makeNetwork } from '../support/network.ts'
import { commandOf } from '../support/processes.ts'
import { asRoot, emptied, logOf, makeBig, makePair, rowsOnTheirWay, schema, sums } from '../support/transfer.ts'

const pair = (method: string, more: Parameters<typeof makePair>[2] = {}) => makePair(49, method, more)

test.each([
  ['without the user of the transfer', "DROP USER IF EXISTS galeractl_sst@'%'"],
  ['where the user has another password', "SET PASSWORD FOR galeractl_sst@'%' = PASSWORD('another one')"],
])('a joiner %s: both sides say so, and with it the next attempt works', async (_, sql) => {
  await using two = await pair('mysqldump')
  const { cluster, donor, joiner } = two
  await emptied(cluster, joiner)
  // As a datadir that somebody else has made.
  writeFileSync(join(joiner.gear, 'conf/conf.d/init.cnf'), `[mariadbd]\ninit_file = ${join(cluster.folder, 'init.sql')}\n`)
  writeFileSync(join(cluster.folder, 'init.sql'), `SET sql_log_bin = 0;\nSET wsrep_on = OFF;\n${sql};\n`)
  const failed = await cluster.run(joiner, 'start', '--timeout', '60')
  expect(failed.exitCode).toBe(5)
  for (const node of [donor, joiner]) expect(logOf(node)).toMatch(/\[ERROR\].*refuses the state transfer's user galeractl_sst: Access denied/)
  rmSync(join(joiner.gear, 'conf/conf.d/init.cnf'))
  await cluster.must(joiner, 'stop')
  rmSync(join(joiner.gear, 'data'), { recursive: true })
  await cluster.setup(joiner)
  await cluster.must(joiner, 'start')
})

test.each(['donor', 'joiner'] as const)('the %s dies in the middle of a transfer: the next one is whole', async (who) => {
  await using three = await pair('mysqldump', { size: 3 })
  const { cluster, donor, joiner } = three
  makeBig(donor)
  await emptied(cluster, joiner)
  const starting = cluster.run(joiner, 'start')
  await rowsOnTheirWay(joiner)
  cluster.kill([who === 'donor' ? donor : joiner], 'server')
  // Its agent starts it again.
  await starting
  await Promise.all(cluster.nodes.map((node) => cluster.run(node, 'start')))
  for (const node of cluster.nodes) expect((await cluster.run(node, 'status')).exitCode).toBe(0)
  expect(asRoot(joiner, 'SELECT COUNT(*) FROM app.big')).toBe('200000\n')
  expect(sums(joiner)).toBe(sums(donor))
})

test('a transfer by mariabackup that the donor can not make leaves a joiner that starts again', async () => {
  await using two = await pair('mariabackup')
  const { cluster, donor, joiner } = two
  const login = join(donor.gear, 'conf/backup.cnf')
  const right = readFileSync(login, 'utf8')
  writeFileSync(login, right.replace(/password = .*/, 'password = "wrong"'))
  await emptied(cluster, joiner)
  expect((await cluster.run(joiner, 'start', '--timeout', '100')).exitCode).toBe(5)
  await cluster.must(joiner, 'stop')
  writeFileSync(login, right)
  await cluster.must(joiner, 'start')
  expect(sums(joiner)).toBe(sums(donor))
})

test('a joiner that hangs is given up after the silence that is allowed, and the donor serves again', async () => {
  await using three = await pair('mysqldump', { size: 3, setup: ['--sst-silence', '3'] })
  const { cluster, donor, joiner } = three
  makeBig(donor)
  await emptied(cluster, joiner)
  const starting = cluster.run(joiner, 'start', '--timeout', '60')
  await rowsOnTheirWay(joiner)
  const hung = cluster.serverPid(joiner)
  process.kill(hung, 'SIGSTOP')
  await waitFor('the donor to give it up', async () => (logOf(donor).includes('no byte moved and the joiner did not work for 3 s') ? true : undefined), { timeout: 30_000 })
  process.kill(hung, 'SIGKILL')
  await starting
  await Promise.all(cluster.nodes.map((node) => cluster.run(node, 'start')))
  expect(sums(joiner)).toBe(sums(donor))
})

test('the network is cut in the middle of a transfer: the donor gives it up, and whole again the next one is whole', async () => {
  using network = makeNetwork(3)
  await using three = await makePair(0, 'mysqldump', { size: 3, setup: ['--sst-silence', '3'], network })
  const { cluster, donor, joiner } = three
  makeBig(donor)
  await emptied(cluster, joiner)
  const starting = cluster.run(joiner, 'start')
  await rowsOnTheirWay(joiner)
  network.partition([0, 2], [1])
  await waitFor('the donor to give it up', async () => (logOf(donor).includes('no byte moved and the joiner did not work for 3 s') ? true : undefined), { timeout: 60_000 })
  asRoot(cluster.nodes[2] as TestNode, 'INSERT INTO app.big VALUES (0, NULL)')
  network.heal()
  expect(await starting).toMatchObject({ exitCode: 0 })
  asRoot(joiner, 'SET SESSION wsrep_sync_wait = 1; SELECT 1')
  expect(sums(joiner)).toBe(sums(donor))
})

test("the joiner's disk is too small: no transfer begins, it says so, and with room the transfer is whole", async () => {
  await using two = await pair('mysqldump')
  const { cluster, donor, joiner } = two
  makeBig(donor)
  await emptied(cluster, joiner)
  renameSync(joiner.gear, `${joiner.gear}.kept`)
  mkdirSync(joiner.gear)
  // Enough for an empty datadir and the galera cache.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', joiner.gear])
  try {
    execFileSync('cp', ['-a', `${joiner.gear}.kept/.`, joiner.gear])
    const before = logOf(joiner)
    expect(await cluster.run(joiner, 'start', '--timeout', '60')).toMatchObject({ exitCode: 5, stderr: expect.stringMatching(/a full copy of n1's data does not fit on the disk of \S+: it needs \d+ MiB, \d+ MiB are free there/) })
    expect(logOf(joiner)).toBe(before)
    execFileSync('mount', ['-o', 'remount,size=1200m', joiner.gear])
    await waitFor('the agent to try again', async () => ((await cluster.run(joiner, 'status')).exitCode === 0 ? true : undefined), { timeout: 60_000, interval: 200 })
    expect(sums(joiner)).toBe(sums(donor))
  } finally {
    cluster.kill([joiner])
    execFileSync('umount', ['--lazy', joiner.gear])
  }
})

test('definitions that change all the time on another node: the joiner has what everybody has', async () => {
  await using three = await pair('mysqldump', { size: 3 })
  const { cluster, donor, joiner } = three
  const other = cluster.nodes[2] as TestNode
  makeBig(donor)
  asRoot(donor, 'CREATE TABLE app.changing (id INT PRIMARY KEY)')
  await emptied(cluster, joiner)
  let changes = 0
  const over = new AbortController()
  const changing = cluster.sql(other, async (sql) => {
    for (; !over.signal.aborted; changes++) {
      await sql.query(`ALTER TABLE changing ADD COLUMN c${changes} INT DEFAULT ${changes}`)
      await sql.query('INSERT INTO changing (id) VALUES (?)', [changes])
      await sql.query(`CREATE OR REPLACE TABLE made${changes % 5} (c${changes} INT)`)
    }
  })
  await cluster.must(joiner, 'start')
  over.abort()
  await changing
  expect(changes).toBeGreaterThan(0)
  for (const node of cluster.nodes) asRoot(node, 'SET SESSION wsrep_sync_wait = 15; SELECT 1')
  expect(sums(joiner)).toBe(sums(other))
  expect(schema(joiner)).toBe(schema(other))
  expect(sums(donor)).toBe(sums(other))
})

/** The highest resident memory so far of the donor's wsrep_sst_mysqldump, MiB; 0 where none runs. */
function carrierMemory(donor: TestNode): number {
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandOf(name).includes(' sst-mysqldump ') && commandOf(name).includes(donor.gear) && !commandOf(name).startsWith('sh'))
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

test('rows of 100 MB arrive, and the program that carries them stays below 200 MiB', async () => {
  await using two = await pair('mysqldump', { server: 'max_allowed_packet = 256M' })
  const { cluster, donor, joiner } = two
  asRoot(donor, 'CREATE TABLE app.huge (id INT PRIMARY KEY, b LONGBLOB)')
  for (const id of [1, 2]) asRoot(donor, `INSERT INTO app.huge VALUES (${id}, REPEAT('0123456789', 10000000))`)
  await emptied(cluster, joiner)
  const before = logOf(joiner).length
  const starting = cluster.must(joiner, 'start')
  let peak = 0
  await waitFor('the transfer to end', async () => {
    peak = Math.max(peak, carrierMemory(donor))
    return logOf(joiner).slice(before).includes('from n1: done') ? true : undefined
  }, { timeout: 120_000, interval: 10 })
  await starting
  expect(sums(joiner)).toBe(sums(donor))
  expect(peak).toBeGreaterThan(10)
  expect(peak).toBeLessThan(200)
})
