import { readdirSync } from 'node:fs'
import { chown, mkdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OutsideError, UsageError } from '../errors.ts'
import { isErrno } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { type Account, becomeAccount, becomeOwner, findAccount, nameOf, reach, requireOwnLinks } from '../system/privileges.ts'
import { makeRest, type Reached } from '../system/walk.ts'

/**
 * Makes the gear's folder where there is none. Root gives a new or empty one to the gear's user
 * (default mysql) and acts as that user from here on: mariadbd never runs as root.
 * @returns the real folder
 * @throws UsageError `roots-gear`, `not-owner`, `other-owner`, `foreign-link`, `closed-way`; OutsideError `make-gear`
 */
export async function takeFolder(folder: string, user: string | undefined): Promise<string> {
  return process.getuid?.() === 0 ? takeAsRoot(folder, user) : takeAsUser(folder, user)
}

async function takeAsUser(folder: string, user: string | undefined): Promise<string> {
  if (user !== undefined && (await findAccount(user)).uid !== process.getuid?.()) throw new UsageError('not-owner', `only root makes a gear for another user, and --user says ${user}`, 'Leave out --user, or run the command as root.')
  try {
    await mkdir(dirname(folder), { recursive: true })
    await mkdir(folder, { mode: 0o750 })
  } catch (cause) {
    if (isErrno(cause, 'EEXIST')) return becomeOwner(folder)
    throw cannotMake(folder, cause)
  }
  return realpath(folder)
}

/** Everything is looked at before anything is made or given away. */
async function takeAsRoot(folder: string, user: string | undefined): Promise<string> {
  using found = reach(folder)
  const isNew = found.missing.length > 0
  if (!isNew && found.uid !== 0) {
    const wanted = user === undefined ? null : await findAccount(user)
    if (wanted !== null && wanted.uid !== found.uid) throw new UsageError('other-owner', `${folder} belongs to ${await nameOf(found.uid)}, and --user says ${wanted.name}`, `Leave out --user, or give the folder away: chown -R ${wanted.name}: ${found.path}`)
    return becomeOwner(folder)
  }
  const account = await findAccount(user ?? 'mysql')
  await requireOwnLinks(found, folder, 0)
  if (account.uid === 0 && !isNew) return found.path
  if (!isNew) requireEmpty(found, account)
  await requireOpenWay(found, account)
  using made = isNew ? make(found, folder) : null
  const { handle, path } = made ?? found
  await chown(handle, account.uid, account.gid)
  becomeAccount(account)
  return path
}

function make(found: Reached, folder: string): Reached {
  try {
    return makeRest(found, 0o750)
  } catch (cause) {
    throw cannotMake(folder, cause)
  }
}

function cannotMake(folder: string, cause: unknown): OutsideError {
  return new OutsideError('make-gear', `cannot make ${folder}: ${(cause as Error).message}`, 'Choose a folder that you may write to.', { cause })
}

function requireEmpty({ handle, path }: Reached, account: Account): void {
  if (readdirSync(handle).every((name) => name === 'lost+found')) return
  throw new UsageError('roots-gear', `${path} belongs to root and is not empty; mariadbd does not run as root`, `Give it to the gear's user: chown -R ${account.name}: ${path}`)
}

/** The kernel is asked: modes are not all that opens or closes a folder. */
async function requireOpenWay({ path, missing }: Reached, { name, uid, gid }: Account): Promise<void> {
  const way = missing.length > 0 ? path : dirname(path)
  const { exitCode, stderr } = await run('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', 'test', '-x', way], { timeout: 10_000 })
  // Where setpriv may not change the user, who acts as it will be told so.
  if (exitCode === 0 || stderr !== '') return
  throw new UsageError('closed-way', `user ${name} cannot enter ${way}, in which ${join(path, ...missing)} would be`, 'Choose a folder that this user can reach, such as one below /srv or /var/lib.')
}
