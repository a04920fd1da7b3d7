import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EXECUTABLE, IN_ROOT } from '../support/cluster.ts'
import { testGear } from '../support/gear.ts'

const INSPECTOR = 9229

test('SIGUSR1 neither opens the inspector for every local user nor ends the agent', async () => {
  await using gear = testGear('127.0.150.1')
  expect(await gear.setup()).toMatchObject({ exitCode: 0 })
  const [file = '', ...args] = [...IN_ROOT, EXECUTABLE, '--gear', gear.dir, 'agent']
  const agent = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  agent.stderr.on('data', (text) => (said += String(text)))
  onTestFinished(() => void agent.kill('SIGKILL'))
  const ended = once(agent, 'exit').then(() => 'ended')
  const runs = async () => expect((await gear.run('status')).stdout).not.toContain('the agent is not running')
  await expect.poll(async () => (agent.exitCode === null ? (await gear.run('status')).stdout : `the agent is not running: ${said}`), { timeout: 30_000 }).not.toContain('the agent is not running')
  process.kill(Number(readFileSync(join(gear.dir, 'run/agent.pid'), 'utf8')), 'SIGUSR1')
  // Each answer of the agent comes after the signal.
  for (let look = 0; look < 5; look++) {
    await runs()
    expect(await accepts(INSPECTOR)).toBe(false)
  }
  expect(await Promise.race([ended, Promise.resolve('runs')])).toBe('runs')
})

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('connect', () => socket.destroy()).once('error', () => resolve(false))
  })
}
