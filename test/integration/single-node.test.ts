import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGear, testGear } from '../support/gear.ts'

/** One real node on 127.0.33.2, in the order of its life. */
let gear: TestGear
beforeAll(async () => {
  gear = testGear('127.0.33.2')
  expect(await gear.setup()).toMatchObject({ exitCode: 0 })
})
afterAll(() => gear[Symbol.asyncDispose]())

const health = async (what: string) => (await fetch(`http://127.0.33.2:4570/health/${what}`)).status

test('a taken port is told before anything is started', async () => {
  const server = createServer().listen(3306, '127.0.33.2')
  const { exitCode, stderr } = await gear.run('start')
  server.close()
  expect(exitCode).toBe(2)
  expect(stderr).toContain('port 3306 (sql): EADDRINUSE')
})

test.each(['abc', '0', '-5', '1e9'])('--timeout %s is refused', async (value) => {
  expect(await gear.run('start', '--timeout', value)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--timeout') })
})

test('with no peer list yet start returns 0 and the agent waits', async () => {
  const { exitCode, stdout } = await gear.run('start')
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('no peer list yet') })
  expect(await health('live')).toBe(200)
  expect(await health('ready')).toBe(503)
})

test('the first list that names only the gear itself lets it bootstrap', async () => {
  const { stdout: endpoint } = await gear.run('publish')
  expect(endpoint).toBe('GALERACTL_NODE=n1/127.0.33.2/3306/4567/4568/4444/4570\n')
  expect(await gear.run('subscribe', 'gear', 'ns', 'u1', `'u1'='${endpoint.trim()}'`)).toMatchObject({ exitCode: 0 })
  expect(await gear.run('start')).toMatchObject({ exitCode: 0, stdout: 'Synced\n' })
  expect([await health('ready'), await health('writable')]).toEqual([200, 200])
})

test.each([
  ['quotes', `'u1'='n1/127.0.33.2' 'u2'='n2/127.0.33.3' "`],
  ['a command', `'u1'='GALERACTL_NODE=$(touch /tmp/galeractl-was-here)/127.0.33.2'`],
  ['a newline in an entry', `'u1'='GALERACTL_NODE=n1/127.0\n.33.2'`],
  ['a duplicate', `'u1'='GALERACTL_NODE=n1/127.0.33.2' 'u2'='GALERACTL_NODE=n1/127.0.33.3'`],
  ['100 kB', `'u1'='${'x'.repeat(100_000)}'`],
  ['nothing', ''],
])('a membership with %s is refused whole and the stored list stays', async (_what, membership) => {
  const stored = readFileSync(join(gear.dir, 'env/GALERACTL_PEERS'), 'utf8')
  expect((await gear.run('subscribe', 'gear', 'ns', 'u1', membership)).exitCode).toBe(2)
  expect(readFileSync(join(gear.dir, 'env/GALERACTL_PEERS'), 'utf8')).toBe(stored)
})

test('start of a running node, and two at once, change nothing', async () => {
  const results = await Promise.all([gear.run('start'), gear.run('start')])
  expect(results.map((one) => one.exitCode)).toEqual([0, 0])
})

test('check tells that one node is not enough, with the mend', async () => {
  const { exitCode, stdout } = await gear.run('check')
  expect(exitCode).toBe(5)
  expect(stdout).toContain('1 vote')
  expect(stdout).toContain('at least three')
})

test('the agent stays under 80 MiB resident', async () => {
  const pid = readFileSync(join(gear.dir, 'run/agent.pid'), 'utf8').trim()
  const rss = () => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)?.[1]) / 1024
  await expect.poll(rss).toBeLessThan(80)
})

test('a peer without the secret learns nothing', async () => {
  const answer = await fetch('http://127.0.33.2:4570/v1/state')
  expect([answer.status, await answer.text()]).toEqual([401, expect.not.stringContaining('n1')])
})

test('stop records a clean departure; a second stop is no error', async () => {
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' })
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'already stopped\n' })
  const ledger = JSON.parse(readFileSync(join(gear.dir, 'state/ledger.json'), 'utf8')) as { departure: { position: { seqno: string } } | null }
  expect(Number(ledger.departure?.position.seqno)).toBeGreaterThan(0)
})

test('several starts of a stopped node at once are one start', async () => {
  const results = await Promise.all(Array.from({ length: 12 }, (_, at) => delay(at * 25).then(() => gear.run('start'))))
  expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(results.map(() => ({ exitCode: 0, stderr: expect.not.stringContaining('port') })))
  expect((await gear.run('stop')).exitCode).toBe(0)
})

test.each([
  ['a start that looks at the ports', '.'],
  ['a look at the stopped gear', 'run/agent.lock'],
])('start waits for %s', async (_what, lock) => {
  const other = spawn('flock', [join(gear.dir, lock), 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] })
  const free = () => spawnSync('flock', ['-n', join(gear.dir, lock), 'true']).status === 0
  await expect.poll(free).toBe(false)
  const probe = lock === '.' ? createServer().listen(3306, '127.0.33.2') : null
  const starting = gear.run('start')
  expect(await Promise.race([starting, delay(1_500, 'waits')])).toBe('waits')
  probe?.close()
  other.stdin.end()
  expect(await starting).toMatchObject({ exitCode: 0 })
  expect((await gear.run('stop')).exitCode).toBe(0)
})

test('an agent that is ended in order leaves mariadbd running, and the next one takes it over', async () => {
  expect((await gear.run('start')).exitCode).toBe(0)
  const pid = () => Number(readFileSync(join(gear.dir, 'run/agent.pid'), 'utf8'))
  const first = pid()
  process.kill(first, 'SIGTERM')
  await expect.poll(() => existsSync(`/proc/${first}`), { timeout: 10_000 }).toBe(false)
  expect((await gear.run('start')).exitCode).toBe(0)
  expect(pid()).not.toBe(first)
  expect(readFileSync(join(gear.dir, 'log/agent.log'), 'utf8')).toContain('took over the running mariadbd')
  expect((await gear.run('stop')).exitCode).toBe(0)
})

test('explain prints what start would do and does nothing', async () => {
  const { exitCode, stdout } = await gear.run('explain', '--json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ running: false, decision: { do: 'bootstrap', rule: 'last-member' } })
  expect((await gear.run('status')).exitCode).toBe(5)
})

test('a truncated grastate.dat costs nothing: the position is recovered from InnoDB', async () => {
  writeFileSync(join(gear.dir, 'data/grastate.dat'), '# GALERA saved state\nver')
  expect(await gear.run('start')).toMatchObject({ exitCode: 0, stdout: 'Synced\n' })
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0 })
})

test('a mariadbd that hangs is told within seconds, and stop ends it when its time is up', async () => {
  expect((await gear.run('start')).exitCode).toBe(0)
  process.kill(Number(/"pid":(\d+)/.exec(readFileSync(join(gear.dir, 'run/server.json'), 'utf8'))?.[1]), 'SIGSTOP')
  const { stdout } = await gear.run('status', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ synced: false, message: expect.stringContaining('does not answer SQL') })
  // Two at once: the second question waits behind the first on the same connection.
  await Promise.all([gear.run('status'), gear.run('status')])
  expect(await gear.run('stop', '--timeout', '1')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('was killed') })
})

test('after a crash with a truncated grastate.dat the view is not restored by Galera, which would make a new history', async () => {
  writeFileSync(join(gear.dir, 'data/grastate.dat'), '# GALERA saved state\nver')
  expect(readFileSync(join(gear.dir, 'data/gvwstate.dat'), 'utf8')).toContain('my_uuid')
  expect(await gear.run('start')).toMatchObject({ exitCode: 0, stdout: 'Synced\n' })
  expect(JSON.parse((await gear.run('explain', '--json')).stdout)).toMatchObject({ decision: { do: 'bootstrap', rule: 'most-advanced' } })
})

test('a datadir whose history is not the ledger\'s is refused', async () => {
  await gear.run('stop')
  const ledger = join(gear.dir, 'state/ledger.json')
  const before = readFileSync(ledger, 'utf8')
  writeFileSync(ledger, before.replace(/"history": *"[0-9a-f]{8}/, '"history":"11111111'))
  expect(await gear.run('start')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('was a member of 11111111') })
  await gear.run('stop')
  writeFileSync(ledger, before)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  await gear.run('stop')
})

test('a torn ledger is set aside and told; the node still starts', async () => {
  writeFileSync(join(gear.dir, 'state/ledger.json'), '{"version":1,"na')
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  expect(readFileSync(join(gear.dir, 'log/agent.log'), 'utf8')).toContain('the ledger is damaged')
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0 })
})
