import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockGear, tryLockGear } from '../../../src/gear/gear-lock.ts'

function gear() {
  const folder = mkdtempSync(join(tmpdir(), 'galeractl-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'state'))
  return { state: join(folder, 'state'), run: join(folder, 'run'), agentLock: join(folder, 'run/agent.lock') }
}

test('an agent that begins while somebody looks whether there is one gets the lock a moment later', async () => {
  const paths = gear()
  const looking = tryLockGear(paths)
  const agent = lockGear(paths, 'an agent')
  await looking?.[Symbol.asyncDispose]()
  await using lock = await agent
  expect(lock).toBeDefined()
  expect(tryLockGear(paths)).toBeNull()
})

test('a second agent is refused', async () => {
  const paths = gear()
  await using _first = await lockGear(paths, 'an agent')
  await expect(lockGear(paths, 'an agent')).rejects.toMatchObject({ code: 'locked' })
})
