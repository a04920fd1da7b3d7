import { stat } from 'node:fs/promises'
import { OutsideError, UsageError } from '../errors.ts'
import { run } from './processes.ts'

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
 * @throws UsageError `not-owner`, `missing-gear`; OutsideError `make-gear`
 */
export async function becomeOwner(folder: string): Promise<void> {
  const uid = await ownerOf(folder)
  const own = process.getuid?.() ?? 0
  if (uid === own) return
  if (own !== 0) {
    throw new UsageError('not-owner', `${folder} belongs to user ${uid}, you are ${own}`, 'Run the command as the owner of the gear, or as root.')
  }
  becomeAccount(await findAccount(String(uid)))
}

async function ownerOf(folder: string): Promise<number> {
  try {
    return (await stat(folder)).uid
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT') throw new UsageError('missing-gear', `there is no folder ${folder}`, `Make the gear with galeractl setup --gear ${folder}.`, { cause })
    throw new OutsideError('make-gear', `cannot open ${folder}: ${code}`, 'Choose another folder, or mend the permissions on the way to it.', { cause })
  }
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
