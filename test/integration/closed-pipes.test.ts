import { randomBytes } from 'node:crypto'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXECUTABLE } from '../support/cluster.ts'
import { type TestGear, testGear } from '../support/gear.ts'
import { store } from '../unit/snapshot/samples.ts'

/** A gear on 127.0.230.1 whose agent waits for a peer list, with one small and one large snapshot. */
let gear: TestGear
beforeAll(async () => {
  gear = testGear('127.0.230.1')
  expect(await gear.setup()).toMatchObject({ exitCode: 0 })
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  await store(join(gear.folder, 'snapshots'), randomBytes(100), { id: 'small' })
  await store(join(gear.folder, 'snapshots'), randomBytes(20_000_000), { id: 'large', partBytes: 8_000_000 })
  execFileSync('chown', ['-R', `--reference=${gear.dir}`, join(gear.folder, 'snapshots')])
})
afterAll(() => gear[Symbol.asyncDispose]())

/** Read to the end, closed before anything is written or after the first bytes, or on a full disk. */
type End = 'read' | 'closed' | 'cut' | 'full'

async function galeractl(args: readonly string[], out: End, err: End): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const full = openSync('/dev/full', 'w')
  const child: ChildProcess = spawn('sh', ['-c', 'read -r go; exec "$@"', 'sh', EXECUTABLE, ...args], { stdio: ['pipe', out === 'full' ? full : 'pipe', err === 'full' ? full : 'pipe'] })
  closeSync(full)
  const said = { stdout: '', stderr: '' }
  for (const [name, how] of [['stdout', out], ['stderr', err]] as const) {
    const stream = child[name]
    if (how === 'closed') stream?.destroy()
    else stream?.on('data', (part) => (how === 'cut' ? stream.destroy() : (said[name] += String(part))))
  }
  child.stdin?.end('go\n')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

const ofGear = (...args: string[]) => ['--gear', gear.dir, ...args]

test.each([
  ['--version'], ['--help'], ['check --help'], ['explain --rules'], ['explain --rules --json'], ['frobnicate'], ['status'], ['--gear /nowhere status --json'],
])('%s into a closed pipe ends quietly, with the exit code that it has when it is read', async (line) => {
  const args = line.split(' ')
  const { code, stderr } = await galeractl(args, 'read', 'read')
  expect(code).not.toBe(1)
  expect(await galeractl(args, 'closed', 'read')).toMatchObject({ code, stderr })
  expect(await galeractl(args, 'read', 'closed')).toMatchObject({ code })
  expect(await galeractl(args, 'closed', 'closed')).toMatchObject({ code })
})

test.each(['status', 'check', 'status --json', 'events', 'explain', 'metrics', 'config', 'snapshot list', 'start'])('%s of a gear does so as well', async (line) => {
  const args = ofGear(...line.split(' '))
  const { code, stderr } = await galeractl(args, 'read', 'read')
  expect(await galeractl(args, 'closed', 'read')).toMatchObject({ code, stderr })
  expect(await galeractl(args, 'read', 'closed')).toMatchObject({ code })
})

test.each(['explain --rules', '--version'])('%s onto a full disk is no success, and one line tells it', async (line) => {
  expect(await galeractl(line.split(' '), 'full', 'read')).toMatchObject({ code: 5, stderr: expect.stringMatching(/^galeractl: stdout does not take the output: ENOSPC\n {2}→ .*\n$/) })
})

test('a refusal keeps its exit code where nobody can be told', async () => {
  expect(await galeractl(['frobnicate'], 'read', 'full')).toMatchObject({ code: 2 })
})

test.each([['small', 'closed', 'EPIPE'], ['large', 'closed', 'EPIPE'], ['large', 'cut', 'EPIPE'], ['small', 'full', 'ENOSPC'], ['large', 'full', 'ENOSPC']] as const)('a %s archive of which not all is read (%s) is an error that is told once', async (id, end, cause) => {
  const { code, stderr } = await galeractl(ofGear('snapshot', 'export', id, '--dir', join(gear.folder, 'snapshots')), end, 'read')
  expect(stderr.match(/^galeractl: .*$/gm)).toEqual([`galeractl: the archive cannot be written on: ${cause}`])
  expect(code).toBe(5)
})

test('an archive that is read whole needs nobody who reads along', async () => {
  expect(await galeractl(ofGear('snapshot', 'export', 'large', '--dir', join(gear.folder, 'snapshots')), 'read', 'closed')).toMatchObject({ code: 0, stdout: expect.stringContaining('large/manifest.json') })
})
