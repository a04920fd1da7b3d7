import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newLedger } from '../../src/galera/ledger.ts'
import { EXECUTABLE, galeractl } from '../support/cluster.ts'
import { testGear } from '../support/gear.ts'

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('setup makes a gear; run again it changes nothing; a changed setting is applied and shown', async () => {
  await using gear = testGear('127.0.33.1')
  expect((await gear.setup()).exitCode).toBe(0)
  expect([modeOf(join(gear.dir, 'gear.env')), modeOf(join(gear.dir, 'conf/my.cnf'))]).toEqual(['600', '640'])
  const before = readFileSync(join(gear.dir, 'conf/my.cnf'), 'utf8')
  expect((await gear.setup()).stdout).toContain('nothing to change')
  const changed = await gear.setup('--buffer-pool', '96M')
  expect(changed.stdout).toMatch(/innodb_buffer_pool_size = 128M → 96M/)
  expect(readFileSync(join(gear.dir, 'conf/my.cnf'), 'utf8')).toBe(before.replace('= 128M\n\nwsrep', '= 96M\n\nwsrep'))
})

test('half of a state transfer is left to the agent; files of nobody knows what are not', async () => {
  await using gear = testGear('127.0.33.1')
  await gear.setup()
  const data = join(gear.dir, 'data')
  rmSync(data, { recursive: true })
  mkdirSync(join(data, '.sst'), { recursive: true })
  expect(await gear.setup()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no system tables') })
  writeFileSync(join(gear.dir, 'state/ledger.json'), JSON.stringify({ ...newLedger('n1'), joining: true }), { mode: 0o644 })
  expect((await gear.setup()).exitCode).toBe(0)
  expect(existsSync(join(data, '.sst'))).toBe(true)
})

test('all faults of the settings are reported at once, each with its mend', async () => {
  await using gear = testGear('127.0.33.1')
  const { exitCode, stderr } = await gear.run('setup', '--name', 'n 1', '--address', 'not an address', '--sql-port', '99999', '--group-port', '4568')
  expect(exitCode).toBe(2)
  for (const fault of ['name (', 'address (', 'sql-port (', 'group-port']) expect(stderr).toContain(fault)
  expect(stderr.match(/→/g)?.length).toBeGreaterThanOrEqual(5)
})

test('config tells where each value comes from: option before environment before shared variable before gear.env; secrets masked', async () => {
  await using gear = testGear('127.0.33.1')
  await gear.setup('--cluster-name', 'from-file', '--gcache-size', '64M')
  mkdirSync(join(gear.dir, 'env'), { recursive: true })
  writeFileSync(join(gear.dir, 'env/GALERACTL_CLUSTER_NAME'), 'from-shared\n', { mode: 0o644 })
  const read = async (env: Record<string, string> = {}) => {
    const { stdout } = await galeractl(['--gear', gear.dir, 'config', '--json'], env)
    return (name: string) => (JSON.parse(stdout) as { settings: { name: string; value: string; origin: string }[] }).settings.find((one) => one.name === name)
  }
  const shared = await read()
  expect(shared('cluster-name')).toMatchObject({ value: 'from-shared', origin: 'shared variable' })
  expect(shared('gcache-size')).toMatchObject({ value: '64M', origin: 'gear.env' })
  expect(shared('secret')).toMatchObject({ value: '********' })
  expect((await read({ GALERACTL_CLUSTER_NAME: 'from-environment' }))('cluster-name')).toMatchObject({ value: 'from-environment', origin: 'environment' })
})

test.each([
  ['nobody', ',', 'a list names every node'],
  ['this node at another address', 'n1/127.0.33.99', 'does not hold this node'],
  ['others only', 'n8/127.0.33.8', 'does not hold this node'],
])('a peer list of %s would make a cluster of its own and is refused', async (_what, list, said) => {
  await using gear = testGear('127.0.33.1')
  expect(await gear.setup('--peers', list)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) })
})

test('what must run as the gear\'s owner runs also from a folder that is closed to it', async () => {
  await using gear = testGear('127.0.33.1')
  const closed = join(gear.folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const from = (...args: string[]) => spawnSync(EXECUTABLE, ['--gear', gear.dir, ...args], { cwd: closed, encoding: 'utf8' })
  expect(from('setup', '--name', 'n1', '--address', '127.0.33.1', '--secret-file', gear.secretFile)).toMatchObject({ status: 0 })
  expect(from('start')).toMatchObject({ status: 0 })
  expect(from('stop')).toMatchObject({ status: 0 })
})

test('the agent\'s user may do no more than it needs, and there are no anonymous users', async () => {
  await using gear = testGear('127.0.33.1')
  await gear.setup('--app-database', 'my_app', '--peers', 'n1/127.0.33.1')
  expect((await gear.run('start')).exitCode).toBe(0)
  const sql = (text: string) => spawnSync('mariadb', ['-N', '-S', join(gear.dir, 'run/mariadbd.sock'), '-e', text], { encoding: 'utf8' }).stdout
  expect(sql("SELECT COUNT(*) FROM mysql.global_priv WHERE User = ''")).toBe('0\n')
  expect(sql("SHOW GRANTS FOR 'galeractl'@'localhost'")).toMatch(/GRANT RELOAD, PROCESS, SUPER, EVENT, SET USER, CONNECTION ADMIN ON \*\.\*/)
  expect(sql("SHOW GRANTS FOR 'app'@'%'")).toMatch(/`my\\+_app`/)
  await gear.run('stop')
})

test('SIGTERM in the middle of setup leaves nothing half-made: the second run works', async () => {
  await using gear = testGear('127.0.33.1')
  const child = execFile(EXECUTABLE, ['--gear', gear.dir, 'setup', '--name', 'n1', '--address', '127.0.33.1', '--secret-file', gear.secretFile])
  const [line] = (await once(child.stderr as NodeJS.ReadableStream, 'data')) as [string]
  expect(line).toContain('making the datadir')
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).not.toBe(0)
  expect((await gear.setup()).exitCode).toBe(0)
  expect(statSync(join(gear.dir, 'data/mysql')).isDirectory()).toBe(true)
})

test('a folder that can not be made, and an unknown MariaDB, are told with the next step', async () => {
  await using gear = testGear('127.0.33.1')
  writeFileSync(join(gear.folder, 'file'), '')
  expect(await galeractl(['--gear', join(gear.folder, 'file/gear'), 'setup'])).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('ENOTDIR') })
  const bin = join(gear.folder, 'bin')
  mkdirSync(bin)
  expect(await gear.setup('--mariadb-bin', bin)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no mariadbd') })
  writeFileSync(join(bin, 'mariadbd'), '#!/bin/sh\necho "mariadbd  Ver 9.9.1-MariaDB for debian"\n', { mode: 0o755 })
  expect(await gear.setup('--mariadb-bin', bin)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('MariaDB 9.9 is not known') })
})

test('a gear on a read-only file system is told as such, not as a bug', async () => {
  await using gear = testGear('127.0.33.1')
  await gear.setup()
  const mount = (...args: string[]) => expect(spawnSync('mount', args).status).toBe(0)
  mount('--bind', gear.dir, gear.dir)
  try {
    mount('-o', 'remount,bind,ro', gear.dir)
    expect(await gear.setup('--gcache-size', '64M')).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('read-only: mount it for writing') })
    expect(await gear.run('start')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("data cannot be written") })
  } finally {
    spawnSync('umount', [gear.dir])
  }
  expect(await gear.setup('--gcache-size', '64M')).toMatchObject({ exitCode: 0 })
})

test('the secret is never taken from the command line and a gear of users keeps its secret', async () => {
  await using gear = testGear('127.0.33.1')
  expect((await gear.setup('--secret', 'x')).exitCode).toBe(2)
  await gear.setup()
  writeFileSync(gear.secretFile, 'another secret that is long\n')
  expect(await gear.setup()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('GALERACTL_SECRET') })
})

test('a gear behind a link is the same gear', async () => {
  await using gear = testGear('127.0.33.1')
  await gear.setup()
  symlinkSync(gear.dir, join(gear.folder, 'link'))
  expect((await galeractl(['--gear', join(gear.folder, 'link'), 'config', '--json'])).exitCode).toBe(0)
})

test('the real path counts where a link leads to a gear', async () => {
  await using gear = testGear('127.0.33.1')
  const long = join(gear.folder, 'a'.repeat(40), 'b'.repeat(40), 'gear')
  mkdirSync(long, { recursive: true })
  symlinkSync(long, gear.dir)
  expect(await gear.setup()).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/the real path of the gear, .*\/b+\/gear, has \d+ bytes/) })
  expect(readdirSync(long)).toEqual([])
  rmSync(gear.dir)
  expect((await gear.setup()).exitCode).toBe(0)
  renameSync(gear.dir, join(long, 'moved'))
  symlinkSync(join(long, 'moved'), gear.dir)
  for (const command of ['status', 'start', 'stop']) expect(await gear.run(command)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('real path') })
})

test.runIf(process.getuid?.() === 0)('a program that the gear\'s owner cannot run is told by setup and by start, with where to put it', async () => {
  await using gear = testGear('127.0.33.1')
  const closed = join(gear.folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const own = join(closed, 'galeractl')
  const from = (...args: string[]) => spawnSync(own, ['--gear', gear.dir, ...args], { encoding: 'utf8' })
  copyFileSync(EXECUTABLE, own)
  const said = { status: 2, stderr: expect.stringMatching(/closed\/galeractl cannot be run by the gear's owner[\s\S]*install -m 0755 .*galeractl \/usr\/local\/bin/) }
  expect(from('setup', '--name', 'n1', '--address', '127.0.33.1', '--secret-file', gear.secretFile)).toMatchObject(said)
  expect(existsSync(join(gear.dir, 'gear.env'))).toBe(false)
  expect((await gear.setup()).exitCode).toBe(0)
  expect(from('start')).toMatchObject(said)
})
