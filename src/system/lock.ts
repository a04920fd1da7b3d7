import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { OutsideError, RefusedError } from '../errors.ts'
import { waitFor } from './wait.ts'

/** No terminal of ours, as for all children. Node hands it on also for spawnSync, which its types do not tell. */
const OWN_SESSION = { detached: true }

/**
 * An exclusive lock that the kernel releases when the process ends, however it ends: no stale lock
 * file can block a start. `flock(1)` locks the open file description that it inherits, which stays
 * locked in this process.
 * @returns null where another process holds it
 */
export function tryLock(path: string, flags: 'a' | 'r' = 'a'): AsyncDisposable | null {
  const fd = open(path, flags)
  // execa hands no descriptor of ours on; this takes 2 ms.
  const { status: exitCode } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], ...OWN_SESSION })
  if (exitCode === 0) return { [Symbol.asyncDispose]: async () => closeSync(fd) }
  closeSync(fd)
  if (exitCode === null) throw new OutsideError('no-flock', 'flock can not be run', 'Install the package util-linux.')
  return null
}

/** @throws RefusedError `locked` where another process holds it */
export async function lockFile(path: string, what: string): Promise<AsyncDisposable> {
  const lock = tryLock(path)
  if (lock === null) throw new RefusedError('locked', `${what} is already running on this gear`, 'Wait for it to end, or see galeractl status.')
  return lock
}

/** A lock of the folder itself, which needs no file; waits for who holds it, at most `timeout` milliseconds. @throws NotYetError `timeout` */
export async function awaitFolderLock(folder: string, what: string, timeout: number): Promise<AsyncDisposable> {
  return waitFor(`${what}, which runs on this gear already, to end`, async () => tryLock(folder, 'r') ?? undefined, { timeout, interval: 20 })
}

function open(path: string, flags: 'a' | 'r'): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (cause) {
    throw new OutsideError('lock', `cannot open ${path}: ${(cause as Error).message}`, 'Run as the owner of the gear, or mend the permissions.', { cause })
  }
}
