import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const BUILT = join(import.meta.dirname, '../../dist/galeractl')

/** Names the copy to all processes of a run. */
const VARIABLE = 'GALERACTL_TEST_EXECUTABLE'

/** The built executable: where the checkout is closed to the database's user, as below /root, a copy that is there until this process ends. */
export function reachableExecutable(): string {
  const known = process.env[VARIABLE]
  if (known !== undefined) return known
  const file = isOpen() ? BUILT : copy()
  process.env[VARIABLE] = file
  return file
}

/** For vitest: once for all of its workers. */
export function setup(): () => void {
  const known = process.env[VARIABLE] !== undefined
  const file = reachableExecutable()
  return () => {
    if (!known && file !== BUILT) remove(file)
  }
}

const isOpen = () => process.getuid?.() !== 0 || spawnSync('setpriv', ['--reuid=mysql', '--regid=mysql', '--init-groups', 'test', '-x', BUILT], { cwd: '/' }).status === 0

function copy(): string {
  const folder = mkdtempSync('/tmp/galeractl-executable-')
  chmodSync(folder, 0o755)
  const file = join(folder, 'galeractl')
  copyFileSync(BUILT, file)
  process.once('exit', () => remove(file))
  return file
}

const remove = (file: string) => rmSync(join(file, '..'), { recursive: true, force: true })
