import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ServerLog } from '../../../src/agent/server-log.ts'
import { temporaryFolder } from '../temporary-folder.ts'

async function place(option: (gear: string) => string) {
  const folder = await temporaryFolder()
  const at = (...names: string[]) => join(folder.path, ...names)
  await mkdir(at('data'))
  await writeFile(at('my.cnf'), `[mariadbd]\n${option(folder.path)}\n`)
  await writeFile(at('stderr'), 'of an earlier run\n')
  const log = new ServerLog({ config: at('my.cnf'), series: '10.11', data: at('data'), pidFile: at('run/mariadbd.pid'), gear: folder.path, stderr: at('stderr') })
  return { at, log, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('what the present run says on stderr and in a log_error of its own, and which one people read', async () => {
  await using here = await place(() => 'log_error = own')
  await writeFile(here.at('data/own.err'), 'old\n')
  await here.log.begin()
  await appendFile(here.at('stderr'), 'early\n')
  await appendFile(here.at('data/own.err'), 'late\n')
  expect(await here.log.text()).toBe('early\n\nlate\n')
  expect(here.log.name).toBe('data/own.err in the gear')
})

test('without one it is stderr', async () => {
  await using here = await place(() => '')
  await here.log.begin()
  await appendFile(here.at('stderr'), 'all\n')
  expect(await here.log.text()).toBe('all\n')
  expect(here.log.name).toBe('stderr in the gear')
})

test('a named pipe is left to whoever reads it', async () => {
  await using here = await place((gear) => `log_error = ${gear}/pipe.err`)
  execFileSync('mkfifo', [here.at('pipe.err')])
  await here.log.begin()
  expect(await here.log.text()).toBe('')
  expect(here.log.path).toBe(here.at('stderr'))
})
