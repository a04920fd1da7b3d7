import { AGENT_USER, derivePassword } from '../config/secrets.ts'
import type { Config } from '../config/resolve.ts'

/** The schema that `galeractl check` writes its row to; it is made and dropped by the check. */
export const CHECK_SCHEMA = 'galeractl_check'

export function agentPassword(config: Config): string {
  return derivePassword(config.secret, AGENT_USER)
}

export function appPassword(config: Config): string {
  return config.app.password ?? derivePassword(config.secret, `app/${config.app.user}`)
}

/**
 * The SQL that makes the users, each with the least it needs. Anonymous users go: they shadow
 * `user@'%'` for local connections [ran]. Every node of a cluster makes the same ones.
 */
export function usersSql(config: Config): string {
  const { user, database } = config.app
  return [
    'FLUSH PRIVILEGES;',
    "DELETE FROM mysql.global_priv WHERE User = '';",
    `CREATE USER '${AGENT_USER}'@'localhost' IDENTIFIED BY ${quote(agentPassword(config))};`,
    `GRANT PROCESS, CONNECTION ADMIN, SUPER ON *.* TO '${AGENT_USER}'@'localhost';`,
    ...['wsrep_cluster', 'wsrep_cluster_members'].map(selectOnFutureTable),
    `GRANT SELECT, INSERT, CREATE, DROP ON ${CHECK_SCHEMA}.* TO '${AGENT_USER}'@'localhost';`,
    `CREATE DATABASE IF NOT EXISTS \`${database}\`;`,
    `CREATE USER '${user}'@'%' IDENTIFIED BY ${quote(appPassword(config))};`,
    `GRANT ALL ON \`${database.replaceAll('_', '\\_')}\`.* TO '${user}'@'%';`,
    'FLUSH PRIVILEGES;',
    '',
  ].join('\n')
}

/** The server makes these tables at its first start, so GRANT would not find them yet. */
function selectOnFutureTable(table: string): string {
  return `INSERT INTO mysql.tables_priv (Host, Db, User, Table_name, Grantor, Table_priv) VALUES ('localhost', 'mysql', '${AGENT_USER}', '${table}', '', 'Select');`
}

/** One line: bootstrap mode takes a statement only to the end of its line. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
