import { AGENT_USER, BACKUP_USER, SST_USER } from '../../config/secrets.ts'
import { text } from '../../sst/catalog.ts'
import { identifier, literal } from '../../sst/columns.ts'
import type { Statement, Wire } from '../../sst/wire.ts'

/** Users of galeractl's own, and of the server's: each cluster has its own. */
const NOT_CARRIED: ReadonlySet<string> = new Set([AGENT_USER, BACKUP_USER, SST_USER, 'mariadb.sys'])
const OF_THE_SERVER = /^wsrep\.sst\./

/** Every server has these; only the roles that they were given are carried. */
const EVERYWHERE: ReadonlySet<string> = new Set(['root@localhost', 'mysql@localhost'])

/** No role that is made; it stands for everybody. */
const PUBLIC = 'PUBLIC'

interface Account {
  readonly user: string
  readonly host: string
  readonly role: boolean
}

/** Roles, users and what they may, as statements of any MariaDB series from 10.11 on. */
export async function userStatements(wire: Wire): Promise<readonly Statement[]> {
  const accounts = (await wire.rows("SELECT User, Host, is_role FROM mysql.user ORDER BY is_role = 'Y' DESC, User, Host")).map(([user, host, role]): Account => ({ user: text(user), host: text(host), role: text(role) === 'Y' }))
  const carried = accounts.filter(({ user }) => !NOT_CARRIED.has(user) && !OF_THE_SERVER.test(user))
  const made: Statement[] = []
  const granted: string[] = []
  for (const account of carried) {
    made.push(...(await creation(wire, account)))
    const grants = (await wire.rows(`SHOW GRANTS FOR ${nameOf(account)}`)).map(([grant]) => text(grant))
    granted.push(...(isEverywhere(account) ? grants.filter((grant) => !/^GRANT .* ON /.test(grant)) : grants))
  }
  // Those of a role also tell what it has of other roles.
  return [...made, ...new Set(granted), ...(await renouncements(wire)), 'FLUSH PRIVILEGES']
}

const isEverywhere = ({ user, host }: Account) => EVERYWHERE.has(`${user}@${host}`)

const nameOf = ({ user, host, role }: Account) => (role ? identifier(user) : `${literal(user)}@${literal(host)}`)

async function creation(wire: Wire, account: Account): Promise<readonly string[]> {
  if (isEverywhere(account) || (account.role && account.user === PUBLIC)) return []
  if (account.role) return [`CREATE OR REPLACE ROLE ${nameOf(account)}`]
  return (await wire.rows(`SHOW CREATE USER ${nameOf(account)}`)).map(([statement]) => text(statement).replace(/^CREATE USER /, 'CREATE OR REPLACE USER '))
}

/** Who makes a role has it and administers it, until all is granted; for good only who had it before. */
async function renouncements(wire: Wire): Promise<readonly string[]> {
  const roles = await wire.rows("SELECT u.User, GROUP_CONCAT(QUOTE(CONCAT(m.User, '@', m.Host))) FROM mysql.user u LEFT JOIN mysql.roles_mapping m ON m.Role = u.User WHERE u.is_role = 'Y' AND u.User <> 'PUBLIC' GROUP BY u.User")
  return roles.map(([role, holders]) => `EXECUTE IMMEDIATE IF(CURRENT_USER() IN (${holders === null || holders === undefined ? "''" : text(holders)}), 'DO 0', ${literal(`REVOKE ${identifier(text(role))} FROM CURRENT_USER`)})`)
}
