import { OutsideError, UsageError } from '../errors.ts'
import { run } from './processes.ts'
import { type Reached, walkTo } from './walk.ts'

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** @throws UsageError `no-user` */
export async function findAccount(nameOrUid: string): Promise<Account> {
  const { exitCode, stdout } = await run('getent', ['passwd', nameOrUid], { timeout: 10_000 })
  const [name, , uid, gid, , home] = stdout.split(':')
  if (exitCode !== 0 || name === undefined || uid === undefined || gid === undefined) {
    throw new UsageError('no-user', `there is no user ${JSON.stringify(nameOrUid)}`, 'Name an existing user with --user.')
  }
  return { name, uid: Number(uid), gid: Number(gid), home: home ?? '/' }
}

/**
 * Root acts as the gear's owner from here on, so that everything in a gear has one owner and mariadbd
 * never runs as root. Any other user must be the owner.
 * @returns the real folder
 * @throws UsageError `not-owner`, `missing-gear`, `foreign-link`; OutsideError `make-gear`
 */
export async function becomeOwner(folder: string): Promise<string> {
  using found = reach(folder)
  const [missing] = found.missing
  if (missing !== undefined) throw new UsageError('missing-gear', `there is no folder ${folder}`, `Make the gear with galeractl setup --gear ${folder}.`)
  const own = process.getuid?.() ?? 0
  if (own !== 0 && found.uid !== own) {
    throw new UsageError('not-owner', `${folder} belongs to user ${found.uid}, you are ${own}`, 'Run the command as the owner of the gear, or as root.')
  }
  if (own === 0) await requireOwnLinks(found, folder, found.uid)
  if (found.uid !== own) becomeAccount(await findAccount(String(found.uid)))
  return found.path
}

/** @throws OutsideError `make-gear` */
export function reach(folder: string): Reached {
  try {
    return walkTo(folder)
  } catch (cause) {
    throw new OutsideError('make-gear', `cannot open ${folder}: ${(cause as NodeJS.ErrnoException).code}`, 'Choose another folder, or mend the permissions on the way to it.', { cause })
  }
}

/**
 * Root goes where its own links lead and those of whom it will act as: a link of another user could lead it into somebody else's folder.
 * @throws UsageError `foreign-link`
 */
export async function requireOwnLinks({ linkedBy, path }: Reached, folder: string, owner: number): Promise<void> {
  const foreign = [...linkedBy].find((uid) => uid !== owner)
  if (foreign === undefined) return
  throw new UsageError('foreign-link', `the way to ${folder} leads through a link of ${await nameOf(foreign)}, which root does not follow`, `If it leads to the right folder, name that one: --gear ${path}.`)
}

/** As people call a user. */
export async function nameOf(uid: number): Promise<string> {
  return findAccount(String(uid)).then(({ name }) => `user ${name}`, () => `user ${uid}`)
}

/** For good: there is no way back to root. */
export function becomeAccount(account: Account): void {
  (process as unknown as { initgroups(user: string, group: number): void }).initgroups(account.name, account.gid)
  process.setgid?.(account.gid)
  process.setuid?.(account.uid)
  // A folder of root's may be closed to the account, and nothing could be run from there.
  process.chdir('/')
  process.env['HOME'] = account.home
  process.env['USER'] = account.name
  process.env['LOGNAME'] = account.name
}
