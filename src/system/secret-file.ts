import { randomBytes } from 'node:crypto'
import { openSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A descriptor of a file in memory that has no name any more: a child that inherits it as 3 reads it as /dev/fd/3, nobody else does.
 * The caller closes it.
 */
export function openSecret(secret: Buffer): number {
  const name = `.galeractl-${randomBytes(12).toString('hex')}`
  let path = join('/dev/shm', name)
  let fd: number
  try {
    fd = openSync(path, 'wx+', 0o600)
  } catch {
    path = join(tmpdir(), name)
    fd = openSync(path, 'wx+', 0o600)
  }
  unlinkSync(path)
  writeSync(fd, secret)
  return fd
}
