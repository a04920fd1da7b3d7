import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearDeadServer, findServer, isRunning, type ServerFiles } from '../../../src/mariadb/server.ts'
import { processInfo } from '../../../src/system/processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const MODULE = new URL('../../../src/mariadb/server.ts', import.meta.url).href

/** A gear with a process that looks like its mariadbd, until the test ends. */
async function gear(...more: readonly string[]) {
  const folder = await temporaryFolder()
  const at = (...parts: string[]) => join(folder.path, ...parts)
  for (const name of ['data', 'run']) await mkdir(at(name))
  const files: ServerFiles = { config: at('my.cnf'), data: at('data'), pidFile: at('run/pid'), processFile: at('run/server.json'), serverLog: at('log') }
  const child = spawn('/bin/sh', ['-c', 'echo; read x', `--defaults-file=${files.config}`, ...more], { argv0: 'mariadbd', stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  const startTime = (await processInfo(pid))?.startTime ?? ''
  const record = () => writeFile(files.processFile, JSON.stringify({ pid, startTime, launch: 'join' }))
  return { files, pid, startTime, record, end: () => end(child), [Symbol.asyncDispose]: async () => void (await end(child), await folder[Symbol.asyncDispose]()) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** What one of the functions does in a process that has no file descriptor left: its result, or the error's code. */
function withoutDescriptors(call: string): unknown {
  const script = `
    import { openSync, closeSync } from 'node:fs'
    const { clearDeadServer, findServer, isRunning } = await import(${JSON.stringify(MODULE)})
    await isRunning({ pid: process.pid, startTime: '' })
    const taken = []
    try { for (;;) taken.push(openSync('/dev/null', 'r')) } catch {}
    const result = await (${call}).then((value) => ({ value }), ({ name, code }) => ({ name, code }))
    for (const fd of taken) closeSync(fd)
    console.log(JSON.stringify(result))`
  return JSON.parse(execFileSync('sh', ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
}

test('a server that runs is found by its record, by the pid that it wrote, and by its command line where both are gone', async () => {
  await using one = await gear()
  await one.record()
  expect(await findServer(one.files)).toEqual({ pid: one.pid, startTime: one.startTime, launch: 'join' })
  await clearDeadServer(one.files)
  expect(existsSync(one.files.processFile)).toBe(true)
  await writeFile(one.files.pidFile, `${one.pid}\n`)
  await writeFile(one.files.processFile, '')
  expect(await findServer(one.files)).toEqual({ pid: one.pid, startTime: one.startTime, launch: null })
  await clearDeadServer(one.files)
  expect(existsSync(one.files.pidFile)).toBe(true)
  await writeFile(one.files.pidFile, '')
  expect(await findServer(one.files)).toEqual({ pid: one.pid, startTime: one.startTime, launch: null })
  await one.end()
  expect(await findServer(one.files)).toBeNull()
  await clearDeadServer(one.files)
  expect([existsSync(one.files.pidFile), existsSync(one.files.processFile)]).toEqual([false, false])
})

test.each([
  ['reads the position', ['--wsrep-recover']],
  ['works on other data', ['--datadir=/elsewhere']],
  ['makes the system tables', ['--bootstrap']],
])('a server of the same configuration that %s is not the gear\'s', async (_what, more) => {
  await using one = await gear(...more)
  expect(await findServer(one.files)).toBeNull()
})

test('where /proc does not answer, a server is neither dead nor found, and its files stay', async () => {
  await using one = await gear()
  await one.record()
  expect(withoutDescriptors(`isRunning(${JSON.stringify({ pid: one.pid, startTime: one.startTime, launch: null })})`)).toEqual({ value: true })
  expect(withoutDescriptors(`findServer(${JSON.stringify(one.files)})`)).toMatchObject({ code: expect.stringMatching(/process-unknown|file-write/) })
  expect(withoutDescriptors(`clearDeadServer(${JSON.stringify(one.files)})`)).toEqual({})
  expect(existsSync(one.files.processFile)).toBe(true)
  await one.end()
  expect(await isRunning({ pid: one.pid, startTime: one.startTime, launch: null })).toBe(false)
})
