import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../src/system/processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const module = (name: string) => JSON.stringify(new URL(`../../../src/${name}`, import.meta.url).href)

/** The words of a Node that runs a script. */
const node = (script: string) => [process.execPath, '--input-type=module', '-e', script]

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !/State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Shows a program's controlling terminal; 0 is none. */
const TTY = JSON.stringify(['-c', 'read pid name state parent group session tty rest </proc/$$/stat; echo $tty'])

test.each([
  ['run', `const { run } = await import(${module('system/processes.ts')}); const { stdout } = await run('/bin/sh', ${TTY}, { timeout: 10000 }); console.log('tty', stdout)`],
  ['a pipeline', `const { startPipeline } = await import(${module('system/pipeline.ts')}); const p = startPipeline([{ file: '/bin/sh', args: ${TTY} }]); for await (const part of p.output) console.log('tty', String(part))`],
  ['a pipe', `const { pipeInto } = await import(${module('archive/pipe.ts')}); await pipeInto({ file: '/bin/sh', args: ${TTY} }, { file: 'cat', args: [] }, (part) => console.log('tty', String(part)), new AbortController().signal)`],
  ['a lock', `const { tryLock } = await import(${module('system/lock.ts')}); const { mkdtempSync, writeFileSync, rmSync } = await import('node:fs'); const folder = mkdtempSync('/tmp/galeractl-unit-'); writeFileSync(folder + '/flock', '#!/bin/sh\\nread pid name state parent group session tty rest </proc/$$/stat; echo $tty >' + folder + '/tty', { mode: 0o755 }); process.env.PATH = folder + ':' + process.env.PATH; tryLock(folder + '/lock'); const { readFileSync: read } = await import('node:fs'); console.log('tty', read(folder + '/tty', 'utf8')); rmSync(folder, { recursive: true })`],
  ['a program on an event', `const { runInGroup } = await import(${module('system/run-in-group.ts')}); const { mkdtempSync, writeFileSync } = await import('node:fs'); const file = mkdtempSync('/tmp/galeractl-unit-') + '/p'; writeFileSync(file, '#!/bin/sh\\nread pid name state parent group session tty rest </proc/$$/stat; echo $tty; rm $0; rmdir \${0%/p}', { mode: 0o755 }); console.log('tty', (await runInGroup(file, { timeout: 10000, grace: 100, input: '', env: { PATH: '/usr/bin:/bin' }, cwd: '/', mostOutput: 100, signal: new AbortController().signal })).output)`],
])('the child of %s has not our controlling terminal', (_what, script) => {
  const quoted = node(`const { readFileSync } = await import('node:fs'); console.log('own', readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[4]); ${script}`).map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  const said = execFileSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  expect(said).toMatch(/own [1-9]/)
  expect(said).toMatch(/tty 0/)
})

/** A process of ours that runs a program, and the program's pid. */
async function parent(folder: string): Promise<{ parent: ChildProcess; pid: number }> {
  const file = join(folder, 'pid')
  const parent = spawn(process.execPath, node(`const { run } = await import(${module('system/processes.ts')}); await run('/bin/sh', ['-c', 'trap "" TERM INT HUP; echo $$ >"$0"; exec sleep 1000', ${JSON.stringify(file)}], { timeout: 900000 })`).slice(1), { stdio: 'ignore' })
  await expect.poll(() => existsSync(file) && Number(readFileSync(file, 'utf8'))).toBeGreaterThan(0)
  return { parent, pid: Number(readFileSync(file, 'utf8')) }
}

test.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)('a program that ignores signals dies with a parent that %s ends', async (signal) => {
  await using folder = await temporaryFolder()
  const { parent: ours, pid } = await parent(folder.path)
  const ended = once(ours, 'exit')
  ours.kill(signal)
  await ended
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test.each(['its time is up', 'an abort'])('%s ends a program with what it has started', async (how) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'pids')
  const abort = new AbortController()
  const running = run('/bin/sh', ['-c', 'sleep 1000 & echo $! $$ >"$0.new"; mv "$0.new" "$0"; wait', file], { timeout: how === 'an abort' ? 60_000 : 300, signal: abort.signal })
  running.catch(() => undefined)
  await expect.poll(() => existsSync(file)).toBe(true)
  const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number)
  if (how === 'an abort') abort.abort(new Error('told to end'))
  await expect(running).rejects.toThrow(how === 'an abort' ? 'told to end' : 'did not end within 0.3 s')
  for (const pid of pids) await expect.poll(() => isAlive(pid)).toBe(false)
})

test('any exit code is a result; a program that is not there is told by its name', async () => {
  expect(await run('/bin/sh', ['-c', 'cat; echo said >&2; exit 3'], { timeout: 10_000, input: 'given' })).toEqual({ exitCode: 3, stdout: 'given', stderr: 'said' })
  await expect(run('no-such-program', [], { timeout: 10_000 })).rejects.toMatchObject({ code: 'no-program', message: expect.stringContaining('no-such-program') })
  await expect(run('/etc/passwd', [], { timeout: 10_000 })).rejects.toMatchObject({ code: 'no-program', message: expect.stringContaining('/etc/passwd') })
})
