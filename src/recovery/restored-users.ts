import type { Config } from '../config/resolve.ts'
import { AGENT_USER, BACKUP_USER, SST_USER } from '../config/secrets.ts'
import { usersSql } from '../mariadb/users.ts'

/**
 * Restored data has the users of the gear that the snapshot is of, whose secret may be another: galeractl's own are made anew, the
 * application's is given this gear's password and its rights on this gear's database; all others stay.
 */
export function restoredUsersSql(config: Config): readonly string[] {
  const { user } = config.app
  const own = [`'${AGENT_USER}'@'localhost'`, `'${BACKUP_USER}'@'localhost'`, `'${SST_USER}'@'%'`, `'${SST_USER}'@'localhost'`]
  const fresh = usersSql(config).split('\n').filter((line) => line !== '')
  return [
    `DROP USER IF EXISTS ${own.join(', ')};`,
    `DELETE FROM mysql.tables_priv WHERE User = '${AGENT_USER}';`,
    ...fresh.flatMap((line) => (line.startsWith(`CREATE USER '${user}'@'%'`) ? [line.replace('CREATE USER', 'CREATE USER IF NOT EXISTS'), line.replace('CREATE USER', 'ALTER USER')] : [line])),
  ]
}
