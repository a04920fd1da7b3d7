import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXECUTABLE } from '../support/cluster.ts'
import { type TestGear, testGear } from '../support/gear.ts'

const ready = (address: string) =>
  expect.poll(async () => fetch(`http://${address}:4570/health/ready`).then((answer) => answer.status, () => 0), { timeout: 60_000, interval: 50 }).toBe(200)

/** `option httpchk` without more: HTTP/1.0, and no Host. */
async function asHaproxyAsks(address: string): Promise<string> {
  const socket = connect(4570, address, () => socket.write('GET /health/ready HTTP/1.0\r\n\r\n'))
  let answer = ''
  for await (const part of socket) answer += String(part)
  return answer
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}

const cleanStop = (gear: TestGear) => (JSON.parse(readFileSync(join(gear.dir, 'state/ledger.json'), 'utf8')) as { departure: object | null }).departure

test('run keeps agent and node in the foreground, tells systemd when it is ready, and stops gracefully on SIGTERM', async () => {
  await using gear = testGear('127.0.33.5')
  expect((await gear.setup('--peers', 'n1/127.0.33.5')).exitCode).toBe(0)
  const socket = join(gear.folder, 'notify')
  const listener = spawn('socat', ['-u', `UNIX-RECV:${socket},mode=666`, '-'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  listener.stdout.on('data', (part: Buffer) => (told += part.toString()))
  await expect.poll(() => existsSync(socket)).toBe(true)
  const child = spawn(EXECUTABLE, ['--gear', gear.dir, 'run'], { stdio: ['ignore', 'ignore', 'inherit'], env: { PATH: process.env['PATH'], NOTIFY_SOCKET: socket } })
  try {
    await ready('127.0.33.5')
    await expect.poll(() => told, { timeout: 10_000 }).toContain('READY=1')
    expect(await asHaproxyAsks('127.0.33.5')).toMatch(/^HTTP\/1\.1 200 /)
  } finally {
    child.kill('SIGTERM')
    await ended(child)
    listener.kill()
  }
  expect(child.exitCode).toBe(0)
  expect(told).toContain('STOPPING=1')
  expect(cleanStop(gear)).not.toBeNull()
})

test.runIf(process.getuid?.() === 0)('as PID 1 of a container it reaps orphans, passes SIGTERM on and ends with the status of its work', async () => {
  await using gear = testGear('127.0.33.4')
  expect((await gear.setup('--peers', 'n1/127.0.33.4')).exitCode).toBe(0)
  const container = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', EXECUTABLE, '--gear', gear.dir, 'run'], { stdio: ['ignore', 'ignore', 'inherit'] })
  await ready('127.0.33.4')
  const init = Number(execFileSync('pgrep', ['-P', String(container.pid)], { encoding: 'utf8' }).trim().split('\n')[0])
  // An orphan that ends at once is handed to PID 1.
  execFileSync('nsenter', ['--target', String(init), '--pid', '--mount', 'sh', '-c', '(true &) ; exit 0'])
  const zombies = () => execFileSync('nsenter', ['--target', String(init), '--pid', '--mount', 'ps', '-eo', 'stat='], { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('Z')).length
  await expect.poll(zombies, { timeout: 5_000, interval: 20 }).toBe(0)
  process.kill(init, 'SIGTERM')
  expect(await ended(container)).toBe(0)
  expect(cleanStop(gear)).not.toBeNull()
})
