import { chown, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OutsideError, UsageError } from '../errors.ts'
import { isErrno } from '../system/files.ts'
import { type Account, becomeAccount, becomeOwner, findAccount } from '../system/privileges.ts'

/**
 * Makes the gear's folder where there is none. Root gives a new or empty one to the gear's user
 * (default mysql) and acts as that user from here on: mariadbd never runs as root.
 * @throws UsageError `roots-gear`, `not-owner`; OutsideError `make-gear`
 */
export async function takeFolder(folder: string, user: string | undefined): Promise<void> {
  const account = process.getuid?.() === 0 ? await findAccount(user ?? 'mysql') : null
  try {
    await mkdir(dirname(folder), { recursive: true })
    await mkdir(folder, { mode: 0o750 })
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST')) throw new OutsideError('make-gear', `cannot make ${folder}: ${(cause as Error).message}`, 'Choose a folder that you may write to.', { cause })
    if (account === null || !(await isRootsAndEmpty(folder, account))) return becomeOwner(folder)
  }
  if (account === null) return
  await chown(folder, account.uid, account.gid)
  becomeAccount(account)
}

async function isRootsAndEmpty(folder: string, account: Account): Promise<boolean> {
  const info = await stat(folder).catch(() => null)
  if (info?.uid !== 0 || account.uid === 0) return false
  if ((await readdir(folder)).every((name) => name === 'lost+found')) return true
  throw new UsageError('roots-gear', `${folder} belongs to root and is not empty; mariadbd does not run as root`, `Give it to the gear's user: chown -R ${account.name} ${folder}`)
}
