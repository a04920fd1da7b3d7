import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { endProcess } from '../support/processes.ts'
import { type TestGear, testGear } from '../support/gear.ts'

/** One real node on 127.0.162.1 whose files in run/ are removed, or whose agent cannot look: that is no evidence that nothing runs. */
let gear: TestGear
const started: number[] = []

beforeAll(async () => {
  gear = testGear('127.0.162.1')
  expect(await gear.setup('--peers', 'n1/127.0.162.1')).toMatchObject({ exitCode: 0 })
})
// A test that fails may leave what no file names any more.
afterAll(async () => {
  for (const pid of started) if (readFileIf(`/proc/${pid}/cmdline`).includes(gear.dir) || readFileIf(`/proc/${pid}/cmdline`).includes('galeractl')) endProcess(pid)
  await gear[Symbol.asyncDispose]()
})
afterEach(() => gear.run('stop'))

const readFileIf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const pidIn = (file: string) => Number(/\d+/.exec(readFileIf(join(gear.dir, 'run', file)))?.[0])
const isAlive = (pid: number) => /State:\s+[^ZX]/.test(readFileIf(`/proc/${pid}/status`))
const status = async () => JSON.parse((await gear.run('status', '--json')).stdout) as { agent: boolean; synced: boolean; message: string }

async function start(): Promise<{ agent: number; server: number }> {
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  const pids = { agent: pidIn('agent.pid'), server: pidIn('server.json') }
  started.push(pids.agent, pids.server)
  return pids
}

function emptyRun(): void {
  for (const name of readdirSync(join(gear.dir, 'run'))) rmSync(join(gear.dir, 'run', name), { recursive: true })
}

test('stop stops agent and mariadbd whose files are gone', async () => {
  const { agent, server } = await start()
  emptyRun()
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' })
  expect([isAlive(agent), isAlive(server)]).toEqual([false, false])
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'already stopped\n' })
})

test('so it does where the agent is dead too', async () => {
  const { agent, server } = await start()
  process.kill(agent, 'SIGKILL')
  rmSync(join(gear.dir, 'run'), { recursive: true, maxRetries: 10, retryDelay: 10 })
  expect(await gear.run('status')).toMatchObject({ exitCode: 5, stdout: expect.stringContaining(`mariadbd runs without an agent (pid ${server})`) })
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' })
  expect(isAlive(server)).toBe(false)
})

test('the agent makes its files anew and is asked again; a restart brings mariadbd\'s back', async () => {
  const { agent, server } = await start()
  rmSync(join(gear.dir, 'run'), { recursive: true, maxRetries: 10, retryDelay: 10 })
  expect(await status()).toMatchObject({ agent: true })
  await expect.poll(() => [pidIn('agent.pid'), pidIn('server.json')]).toEqual([agent, server])
  expect(await gear.run('restart')).toMatchObject({ exitCode: 0, stdout: 'Synced\n' })
  expect([pidIn('agent.pid'), isAlive(server)]).toEqual([agent, false])
  started.push(pidIn('server.json'))
})

test('an agent that has no file descriptor left takes no server for dead', async () => {
  const { agent, server } = await start()
  // As the gear's owner: root may lack what it needs in a container.
  const owner = process.getuid?.() === 0 ? ['setpriv', '--reuid=mysql', '--regid=mysql', '--clear-groups'] : ['env']
  const limit = (files: string) => execFileSync(owner[0] ?? '', [...owner.slice(1), 'prlimit', '--pid', String(agent), `--nofile=${files}`])
  limit('8:')
  // It looks every half second: what it does then has no other sign.
  await delay(2_500)
  limit('1024:')
  await expect.poll(status).toMatchObject({ synced: true })
  expect(pidIn('server.json')).toBe(server)
  expect(readFileSync(join(gear.dir, 'log/agent.log'), 'utf8')).not.toContain('ended unexpectedly')
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' })
  expect(isAlive(server)).toBe(false)
})
