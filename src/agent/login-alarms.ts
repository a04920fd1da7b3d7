import { BACKUP_USER, SST_USER } from '../config/secrets.ts'
import type { Fault } from '../errors.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import { backupPassword, sstPassword } from '../mariadb/users.ts'
import type { Node } from './node.ts'

/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_MUST_CHANGE_PASSWORD_LOGIN, ER_ACCOUNT_HAS_BEEN_LOCKED. */
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1698, 1862, 4151])

/** Seconds. */
const LOCK_WAIT = 5
/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000

/**
 * Users that galeractl needs only when a node joins or a snapshot is taken: until then nobody misses them. By mysqldump also a node that only missed some
 * writes needs its user [ran: the donor's script connects to the joiner to hand over the position].
 */
export async function loginAlarms(node: Node): Promise<readonly Fault[]> {
  const { config, paths } = node
  const needed = [{ user: BACKUP_USER, password: backupPassword(config), fails: 'snapshots and state transfers by mariabackup' }, ...(config.sstMethod === 'mysqldump' ? [{ user: SST_USER, password: sstPassword(config), fails: 'state transfers by mysqldump, so a node that is restarted cannot rejoin' }] : [])]
  const found = await Promise.all(needed.map(async ({ user, password, fails }): Promise<readonly Fault[]> => {
    const refused = await refusal({ socketPath: paths.socket, user, password, connectTimeout: CONNECT_TIMEOUT })
    if (refused === null) return []
    return [{ code: 'user-missing', message: `${user} cannot log in on ${config.name} (${refused}): this breaks ${fails}`, hint: `On one node, as a user who may do everything, run what galeractl sst-account prints: galeractl --gear ${paths.dir} sst-account | mariadb -uroot -S ${paths.socket}` }]
  }))
  return found.flat()
}

/** What the server says to who is not let in; null: he is, or nobody knows. */
async function refusal(access: Parameters<typeof openOwnSession>[0]): Promise<string | null> {
  try {
    const connection = await openOwnSession(access, LOCK_WAIT)
    connection.destroy()
    return null
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string }
    return errno !== undefined && DENIED.has(errno) ? message : null
  }
}
