import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXECUTABLE, galeractl, IN_ROOT } from '../support/cluster.ts'
import { testGear } from '../support/gear.ts'

/** What root does where other users of the machine can put something in its way; on 127.0.161.x. */
const uidOf = (user: string) => Number(spawnSync('id', ['-u', user], { encoding: 'utf8' }).stdout)
const [MYSQL, DAEMON, NOBODY] = ['mysql', 'daemon', 'nobody'].map(uidOf) as [number, number, number]
const isRoot = process.getuid?.() === 0

const ownerOf = (path: string) => statSync(path).uid

test.runIf(isRoot)('an empty folder of root\'s behind a link of another user is not given away', async () => {
  await using gear = testGear('127.0.161.1')
  const target = join(gear.folder, 'of-root')
  mkdirSync(target)
  symlinkSync(target, gear.dir)
  lchownSync(gear.dir, NOBODY, NOBODY)
  expect(await gear.setup()).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/link of user nobody, which root does not follow[\s\S]*--gear .*of-root/) })
  expect([ownerOf(target), readdirSync(target)]).toEqual([0, []])
})

test.runIf(isRoot)('nor is one that a link higher up leads to, nor is anything made behind it', async () => {
  await using gear = testGear('127.0.161.1')
  const [target, link] = [join(gear.folder, 'of-root'), join(gear.folder, 'link')]
  mkdirSync(join(target, 'gear'), { recursive: true })
  symlinkSync(target, link)
  lchownSync(link, NOBODY, NOBODY)
  for (const name of ['gear', 'new', 'new/newer']) {
    expect(await galeractl(['--gear', join(link, name), 'setup', '--name', 'n1', '--address', '127.0.161.1', '--secret-file', gear.secretFile])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('link of user nobody') })
  }
  expect([readdirSync(target), ownerOf(join(target, 'gear'))]).toEqual([['gear'], 0])
})

test.runIf(isRoot)('root does not act as the owner of a folder to which a link of somebody else leads', async () => {
  await using gear = testGear('127.0.161.1')
  expect((await gear.setup()).exitCode).toBe(0)
  const link = join(gear.folder, 'link')
  const config = () => galeractl(['--gear', link, 'config'])
  symlinkSync(gear.dir, link)
  expect((await config()).exitCode).toBe(0)
  lchownSync(link, MYSQL, MYSQL)
  expect((await config()).exitCode).toBe(0)
  lchownSync(link, NOBODY, NOBODY)
  expect(await config()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('link of user nobody') })
})

test.runIf(isRoot)('a folder of another user than --user names is refused before anything is written; without --user root acts as its owner', async () => {
  await using gear = testGear('127.0.161.1')
  mkdirSync(gear.dir)
  chownSync(gear.dir, DAEMON, DAEMON)
  expect(await gear.setup('--user', 'mysql')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/belongs to user daemon, and --user says mysql[\s\S]*chown -R mysql: /) })
  expect(readdirSync(gear.dir)).toEqual([])
  expect((await gear.setup('--user', 'daemon')).exitCode).toBe(0)
  expect(ownerOf(join(gear.dir, 'gear.env'))).toBe(DAEMON)
})

test.runIf(isRoot)('only root makes a gear for another user', async () => {
  await using gear = testGear('127.0.161.1')
  const folder = join(gear.folder, 'of-daemon')
  mkdirSync(folder)
  chownSync(folder, DAEMON, DAEMON)
  expect(await galeractl(['--gear', join(folder, 'gear'), 'setup', '--user', 'mysql'], {}, ['setpriv', '--reuid=daemon', '--regid=daemon', '--clear-groups'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('only root makes a gear for another user') })
  expect(readdirSync(folder)).toEqual([])
})

test.runIf(isRoot)('a gear that its user could not reach is not made', async () => {
  await using gear = testGear('127.0.161.1')
  const closed = join(gear.folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  for (const name of ['gear', 'a/gear']) expect(await galeractl(['--gear', join(closed, name), 'setup', '--name', 'n1'])).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/user mysql cannot enter .*closed, in which .*gear would be/) })
  mkdirSync(join(closed, 'gear'))
  expect(await galeractl(['--gear', join(closed, 'gear'), 'setup', '--name', 'n1'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('cannot enter') })
  expect([readdirSync(closed), ownerOf(join(closed, 'gear'))]).toEqual([['gear'], 0])
})

test.runIf(isRoot)('a script of the cartridge runs no program of the owner\'s as root', async () => {
  await using gear = testGear('127.0.161.1')
  mkdirSync(join(gear.dir, 'bin'), { recursive: true })
  writeFileSync(join(gear.dir, 'bin/mariadbd'), `#!/bin/sh\nid -u >>${gear.folder}/shared/who\n`)
  chmodSync(join(gear.dir, 'bin/mariadbd'), 0o755)
  writeFileSync(join(gear.dir, 'gear.env'), `GALERACTL_MARIADB_BIN=${gear.dir}/bin\n`, { mode: 0o644 })
  mkdirSync(join(gear.folder, 'shared'))
  chmodSync(join(gear.folder, 'shared'), 0o777)
  chownSync(gear.dir, DAEMON, DAEMON)
  await galeractl(['--gear', gear.dir, 'cartridge', 'setup', '--version', '10.11'])
  expect(new Set(readFileSync(join(gear.folder, 'shared/who'), 'utf8').trim().split('\n'))).toEqual(new Set([String(DAEMON)]))
})

test.runIf(isRoot)('the demo changes no file that another user has put in its place', async () => {
  await using gear = testGear('127.0.161.1')
  const [precious, place] = [join(gear.folder, 'precious'), join(gear.folder, 'demo')]
  writeFileSync(precious, '')
  mkdirSync(place)
  symlinkSync(precious, join(place, 'secret'))
  chownSync(place, NOBODY, NOBODY)
  expect(await galeractl(['demo', 'status', '--dir', place])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('belongs to user nobody') })
  expect(ownerOf(precious)).toBe(0)
})

test.runIf(isRoot)('mariadbd with the configuration of the owner has not root\'s terminal', async () => {
  await using gear = testGear('127.0.161.1')
  expect((await gear.setup()).exitCode).toBe(0)
  rmSync(join(gear.dir, 'state/ledger.json'), { force: true })
  writeFileSync(join(gear.dir, 'data/galera.cache'), '')
  // It reads the position, and says what it was run with.
  const program = join(gear.folder, 'bin')
  mkdirSync(program)
  writeFileSync(join(program, 'mariadbd'), `#!/bin/sh\nread pid name state parent group session tty rest </proc/$$/stat\ncase "$*" in *--wsrep-recover*) echo $tty >${gear.dir}/run/tty;; esac\nexec mariadbd "$@"\n`, { mode: 0o755 })
  const child = spawn('script', ['-qec', [...IN_ROOT, EXECUTABLE, '--gear', gear.dir, 'explain'].join(' '), '/dev/null'], { stdio: 'ignore', env: { ...process.env, GALERACTL_MARIADB_BIN: program } })
  await new Promise((resolve) => child.once('exit', resolve))
  expect(existsSync(join(gear.dir, 'run/tty')) && readFileSync(join(gear.dir, 'run/tty'), 'utf8')).toBe('0\n')
})
