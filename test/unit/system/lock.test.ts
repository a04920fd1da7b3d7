import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockFile } from '../../../src/system/lock.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const MODULE = new URL('../../../src/system/lock.ts', import.meta.url).href

/** Another process that takes the lock and tells whether it has it. */
async function holder(path: string): Promise<{ process: ChildProcess; said: string }> {
  const script = `import { lockFile } from ${JSON.stringify(MODULE)}; try { await lockFile(${JSON.stringify(path)}, 'x'); console.log('held'); setInterval(() => {}, 1000) } catch (error) { console.log(error.code) }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { process: child, said: said.toString().trim() }
}

test('a second process is refused, and served once the first was killed', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'lock')
  const first = await holder(path)
  expect(first.said).toBe('held')
  await expect(lockFile(path, 'an agent')).rejects.toMatchObject({ code: 'locked', exitCode: 3, message: 'an agent is already running on this gear' })
  first.process.kill('SIGKILL')
  await once(first.process, 'exit')
  await using lock = await lockFile(path, 'an agent')
  expect(lock).toBeDefined()
  expect((await holder(path)).said).toBe('locked')
})

test('a lock that was given back can be taken again', async () => {
  await using folder = await temporaryFolder()
  for (let round = 0; round < 3; round++) await (await lockFile(join(folder.path, 'lock'), 'x'))[Symbol.asyncDispose]()
})

test('a lock in a folder that is not there is an outside error', async () => {
  await using folder = await temporaryFolder()
  await expect(lockFile(join(folder.path, 'none', 'lock'), 'x')).rejects.toMatchObject({ code: 'lock', exitCode: 5 })
})
