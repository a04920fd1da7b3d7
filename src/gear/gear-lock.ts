import { mkdirSync } from 'node:fs'
import { NotYetError, RefusedError } from '../errors.ts'
import { tryLock } from '../system/lock.ts'
import { waitFor } from '../system/wait.ts'
import type { GearPaths } from './gear.ts'

type Locked = Pick<GearPaths, 'state' | 'run' | 'agentLock'>

/** Who only looks whether the gear is locked (`isGearLocked`) holds the lock for a moment itself, milliseconds. */
const LONGEST_LOOK = 1_000

/**
 * The lock of the agent, and of whoever works on the data of a stopped gear. It is on the folder state/, which stays when somebody
 * empties run/, and on run/agent.lock, at which earlier versions look.
 * @throws RefusedError `locked` where another process holds it
 */
export async function lockGear(paths: Locked, what: string): Promise<AsyncDisposable> {
  const lock = await waitFor('the lock of the gear', async () => tryLockGear(paths) ?? undefined, { timeout: LONGEST_LOOK, interval: 20 }).catch((error: unknown) => {
    if (error instanceof NotYetError) return null
    throw error
  })
  if (lock === null) throw new RefusedError('locked', `${what} is already running on this gear`, 'Wait for it to end, or see galeractl status.')
  return lock
}

/** @returns null where another process holds it */
export function tryLockGear({ state, run, agentLock }: Locked): AsyncDisposable | null {
  const whole = tryLock(state, 'r')
  if (whole === null) return null
  mkdirSync(run, { recursive: true, mode: 0o750 })
  const old = tryLock(agentLock)
  if (old === null) {
    void whole[Symbol.asyncDispose]()
    return null
  }
  const both = new AsyncDisposableStack()
  both.use(whole)
  both.use(old)
  return both
}

/** Whether an agent, or another look at the gear, has it at this moment. */
export async function isGearLocked(paths: Locked): Promise<boolean> {
  const lock = tryLockGear(paths)
  await lock?.[Symbol.asyncDispose]()
  return lock === null
}
