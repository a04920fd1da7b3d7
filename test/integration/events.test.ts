import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXECUTABLE } from '../support/cluster.ts'
import { type TestGear, testGear } from '../support/gear.ts'

/** The agent of one gear on 127.0.47.9 that waits for a peer list; mariadbd is played by its hook. */
let gear: TestGear
beforeAll(async () => {
  gear = testGear('127.0.47.9')
  expect(await gear.setup('--notify-timeout', '2')).toMatchObject({ exitCode: 0 })
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
})
afterAll(() => gear[Symbol.asyncDispose]())

interface Logged {
  readonly status: string | null
  readonly index: number | null
  readonly source: string
  readonly joined: readonly string[]
  readonly text: string | null
}

const UUID = '0f1cf9ea-e5cc-11f1-a68c-d645061edcc5'
const HOSTILE = '$(touch /tmp/galeractl-was-here)\'"; DROP TABLE, x'
const hook = (...args: string[]) => expect(spawnSync(join(gear.dir, 'hooks/notify'), args)).toMatchObject({ status: 0 })
const events = async (...more: string[]) => (await gear.run('events', '--json', ...more)).stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Logged)
const logged = (most = 1) => expect.poll(async () => (await events()).slice(-most).map(({ status, index }) => status ?? index))
const agentPid = () => Number(readFileSync(join(gear.dir, 'run/agent.pid'), 'utf8'))
const lineOf = async (pattern: RegExp) => (await gear.run('metrics')).stdout.split('\n').find((line) => pattern.test(line))

test('what the hook and notify are called with is in the event log at once; the log is not for everybody', async () => {
  hook('--status', 'joined', '--uuid', UUID, '--primary', 'yes', '--index', '0', '--members', `${UUID}/${HOSTILE}/10.0.0.1:3306`)
  await gear.run('notify', '--status', 'synced')
  await logged(2).toEqual(['joined', 'synced'])
  expect((await events())[0]).toMatchObject({ joined: [HOSTILE], source: 'notify' })
  expect(statSync(join(gear.dir, 'log/events.jsonl')).mode & 0o777).toBe(0o640)
  expect(existsSync('/tmp/galeractl-was-here')).toBe(false)
})

test('events shows them to people, and only those since a time', async () => {
  const { stdout } = await gear.run('events')
  expect(stdout).toMatch(/^time \(UTC\)/)
  expect(stdout).toContain(`1 +${JSON.stringify(HOSTILE)}`)
  expect(await events('--since', '1h')).toHaveLength(2)
  expect(await events('--since', '2099-01-01')).toHaveLength(0)
  expect((await gear.run('events', '--since', '2099-01-01')).stdout).toBe('no events since then\n')
  expect(await gear.run('events', '--since', 'soon')).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('→ Give a length of time such as 90s') })
})

test('a malformed record is counted, shown and logged, and stops nothing', async () => {
  writeFileSync(join(gear.dir, 'run/notify.spool'), 'noise\u001b[2J', { flag: 'a' })
  hook('--status', '$(id)')
  hook('--status', 'donor')
  await logged().toEqual(['donor'])
  expect((await events()).filter(({ source }) => source === 'malformed').map(({ text }) => text)).toEqual(['noise\u001b[2J', '--status $(id)'])
  expect((await gear.run('status')).stdout).toContain('2 malformed records')
  expect(await lineOf(/^galeractl_notify_malformed_total/)).toBe('galeractl_notify_malformed_total 2')
  expect(await gear.run('notify', '--status', '$(id)')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('bad value of --status') })
})

test('metrics are the same on the agent\'s port, for this host', async () => {
  const answer = await fetch('http://127.0.47.9:4570/metrics')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')])
  expect(await answer.text()).toContain('galeractl_events_total{status="joined"} 1\n')
})

test('setup makes notify.d; its commands get the event, and a failing or slow one harms nothing', async () => {
  const folder = join(gear.dir, 'notify.d')
  const { uid, gid, mode } = statSync(folder)
  expect([uid, mode & 0o777]).toEqual([statSync(gear.dir).uid, 0o750])
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
    chownSync(join(folder, name), uid, gid)
  }
  program('10-fails', 'exit 1')
  program('20-hangs', 'sleep 60')
  program('30-tells', 'cat >log/told.new; mv log/told.new log/told')
  hook('--status', 'joiner', '--index', '7')
  await expect.poll(() => existsSync(join(gear.dir, 'log/told')), { timeout: 20_000 }).toBe(true)
  expect(JSON.parse(readFileSync(join(gear.dir, 'log/told'), 'utf8'))).toMatchObject({ status: 'joiner', index: 7 })
  expect((await gear.run('status')).stdout).toMatch(/notify\.d: 2 of [23] runs failed/)
  expect(await lineOf(/^galeractl_notify_command_timeouts_total/)).toBe('galeractl_notify_command_timeouts_total 1')
  hook('--status', 'synced')
  await logged().toEqual(['synced'])
  for (const name of ['10-fails', '20-hangs', '30-tells']) unlinkSync(join(folder, name))
})

test('an agent that is killed again and again loses no event and logs none twice', async () => {
  const before = (await events()).length
  for (let round = 0; round < 4; round++) {
    hook('--index', String(10 * round))
    process.kill(agentPid(), 'SIGKILL')
    hook('--index', String(10 * round + 1))
    expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
    hook('--index', String(10 * round + 2))
  }
  const expected = [0, 1, 2, 3].flatMap((round) => [0, 1, 2].map((at) => 10 * round + at))
  await expect.poll(async () => (await events()).slice(before).map(({ index }) => index)).toEqual(expected)
})

const filesOf = (pid: number | undefined) => readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))

test('follow shows what comes, and ends with 0 at SIGTERM, SIGINT and the end of its reader', async () => {
  for (const end of ['SIGTERM', 'SIGINT', 'EPIPE'] as const) {
    const child = spawn(EXECUTABLE, ['--gear', gear.dir, 'events', '--follow', '--json', '--since', '2099-01-01'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const all = spawn(EXECUTABLE, ['--gear', gear.dir, 'events', '--follow', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let seen = ''
    let said = ''
    all.stdout.on('data', (part) => (seen += String(part)))
    all.stderr.on('data', (part) => (said += String(part)))
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('"status":"joined"')
    hook('--status', `now-${end.toLowerCase()}`)
    await expect.poll(() => seen).toContain(`now-${end.toLowerCase()}`)
    if (end === 'EPIPE') {
      all.stdout.destroy()
      hook('--status', 'nobody reads')
    } else all.kill(end)
    expect([(await once(all, 'exit'))[0], said]).toEqual([0, ''])
    // It shows nothing, but it reads.
    await expect.poll(() => filesOf(child.pid)).toContainEqual(expect.stringContaining('/log/events'))
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  }
})

test('without an agent events tells what was logged, and metrics says what to do', async () => {
  await gear.run('stop')
  expect((await events()).length).toBeGreaterThan(10)
  expect(await gear.run('metrics')).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('→ Start the node') })
  hook('--status', 'while stopped')
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  await logged().toEqual(['while stopped'])
})

test('on a full disk events wait in the spool, the hook returns at once, and nothing is lost', async () => {
  await gear.run('stop')
  const log = join(gear.dir, 'log')
  const owner = statSync(log)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=64k,uid=${owner.uid},gid=${owner.gid},mode=750`, 'tmpfs', log])
  expect(mounted.status).toBe(0)
  try {
    expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
    spawnSync('fallocate', ['-l', '1M', join(log, 'full')])
    spawnSync('dd', ['if=/dev/zero', `of=${join(log, 'full')}`, 'bs=4k'], { stdio: 'ignore' })
    const members = `${UUID}/${'n'.repeat(200)}/10.0.0.1:3306`
    for (let index = 0; index < 40; index++) hook('--index', String(index), '--members', members)
    await expect.poll(() => lineOf(/^galeractl_notify_spool_lag_bytes/)).toMatch(/ [1-9]\d*$/)
    unlinkSync(join(log, 'full'))
    await expect.poll(async () => (await events()).map(({ index }) => index).slice(-40), { timeout: 10_000 }).toEqual(Array.from({ length: 40 }, (_, at) => at))
  } finally {
    await gear.run('stop')
    spawnSync('umount', [log])
  }
})

test('an event log that can not be read keeps no agent from starting, and the events wait', async () => {
  const path = join(gear.dir, 'log/events.jsonl')
  renameSync(path, `${path}.kept`)
  mkdirSync(path)
  hook('--status', 'kept waiting')
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  expect(readFileSync(join(gear.dir, 'log/agent.log'), 'utf8')).toContain('events can not be logged')
  await gear.run('stop')
  rmdirSync(path)
  renameSync(`${path}.kept`, path)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  await logged().toEqual(['kept waiting'])
})
