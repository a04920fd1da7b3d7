import { existsSync, readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type GroupOptions, runInGroup } from '../../../src/system/run-in-group.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const options: GroupOptions = { timeout: 10_000, grace: 200, input: 'given', env: { PATH: '/usr/bin:/bin', ONLY: 'this' }, cwd: '/', mostOutput: 100, signal: new AbortController().signal }

async function run(text: string, more: Partial<GroupOptions> = {}) {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'program')
  await writeFile(file, `#!/bin/sh\nHERE=${folder.path}\n${text}\n`)
  await chmod(file, 0o755)
  const result = await runInGroup(file, { ...options, ...more })
  const pid = existsSync(join(folder.path, 'pid')) ? Number(readFileSync(join(folder.path, 'pid'), 'utf8')) : null
  return { ...result, pid }
}

const isAlive = (pid: number | null) => existsSync(`/proc/${pid}/status`) && !/State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

test('a program gets its input and just the environment that is meant for it', async () => {
  process.env['GALERACTL_SECRET'] = 'secret'
  expect(await run('cat; echo; env | grep -v PWD | sort; echo told >&2; exit 3')).toMatchObject({ ended: 3, timedOut: false, output: expect.stringMatching(/^given\nONLY=this\nPATH=\/usr\/bin:\/bin\ntold$/) })
  delete process.env['GALERACTL_SECRET']
})

test('one that does not read its input is no error', async () => {
  expect(await run('exit 0', { input: 'x'.repeat(1_000_000) })).toMatchObject({ ended: 0, timedOut: false })
})

test('one that floods is not held up, and little of it is kept', async () => {
  const { ended, output } = await run('head -c 5000000 /dev/zero | tr "\\0" x')
  expect([ended, output.length]).toEqual([0, 100])
})

test('when its time is up it is told to end, and what ignores that is killed with all of its group', async () => {
  expect(await run('trap "exit 7" TERM; sleep 60 & echo $! >$HERE/pid; wait', { timeout: 200 })).toMatchObject({ ended: 7, timedOut: true })
  const stubborn = await run('trap "" TERM; sleep 60 & echo $! >$HERE/pid; wait; wait', { timeout: 200 })
  expect(stubborn).toMatchObject({ ended: 'SIGKILL', timedOut: true })
  await expect.poll(() => isAlive(stubborn.pid)).toBe(false)
})

test('what it leaves behind in its group ends with it, and its open output is not waited for', async () => {
  const started = performance.now()
  const { ended, pid } = await run('sleep 60 & echo $! >$HERE/pid; exit 0')
  expect(ended).toBe(0)
  expect(performance.now() - started).toBeLessThan(5_000)
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('what has left its group goes on, and is not waited for', async () => {
  const started = performance.now()
  const { pid } = await run('setsid sleep 60 & echo $! >$HERE/pid; while [ ! -d /proc/$!/fd ] || [ "$(cut -d" " -f5 /proc/$!/stat)" != $! ]; do :; done')
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(isAlive(pid)).toBe(true)
  process.kill(pid ?? 0, 'SIGKILL')
})

test('an abort ends it as if its time were up', async () => {
  expect(await run('sleep 60', { signal: AbortSignal.timeout(100) })).toMatchObject({ ended: 'SIGTERM', timedOut: true })
})

test('what can not be run is told by its error', async () => {
  expect(await runInGroup('/nowhere/at/all', options)).toMatchObject({ ended: 'ENOENT' })
  expect(await runInGroup('/dev/null', options)).toMatchObject({ ended: 'EACCES' })
})
