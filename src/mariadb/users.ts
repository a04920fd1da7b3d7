import { createHash } from 'node:crypto'
import { AGENT_USER, BACKUP_USER, derivePassword, SST_USER } from '../config/secrets.ts'
import type { Config } from '../config/resolve.ts'

/** The schema that `galeractl check` writes its row to; it is made and dropped by the check. */
export const CHECK_SCHEMA = 'galeractl_check'

export function agentPassword(config: Config): string {
  return derivePassword(config.secret, AGENT_USER)
}

export function appPassword(config: Config): string {
  return config.app.password ?? derivePassword(config.secret, `app/${config.app.user}`)
}

export function backupPassword(config: Config): string {
  return derivePassword(config.secret, BACKUP_USER)
}

export function sstPassword(config: Config): string {
  return derivePassword(config.secret, SST_USER)
}

/** All of galeractl's own users anew, for a cluster that lacks one: made for another method or by an earlier version, or somebody dropped or changed it. Passwords as hashes: this may be shown. */
export function ownUsersSql(config: Config): readonly string[] {
  return [
    `CREATE OR REPLACE USER '${AGENT_USER}'@'localhost' IDENTIFIED BY PASSWORD '${nativeHash(agentPassword(config))}';`,
    `GRANT ${AGENT_PRIVILEGES} ON *.* TO '${AGENT_USER}'@'localhost';`,
    ...VIEW_TABLES.map((table) => `GRANT SELECT ON mysql.${table} TO '${AGENT_USER}'@'localhost';`),
    checkGrant,
    ...transferUsersSql(config),
  ]
}

const VIEW_TABLES = ['wsrep_cluster', 'wsrep_cluster_members']
const checkGrant = `GRANT SELECT, INSERT, CREATE, DROP ON ${CHECK_SCHEMA}.* TO '${AGENT_USER}'@'localhost';`

function transferUsersSql(config: Config): readonly string[] {
  return [
    `CREATE OR REPLACE USER '${BACKUP_USER}'@'localhost' IDENTIFIED BY PASSWORD '${nativeHash(backupPassword(config))}';`,
    `GRANT ${BACKUP_PRIVILEGES} ON *.* TO '${BACKUP_USER}'@'localhost';`,
    ...(config.sstMethod === 'mysqldump' ? sstUsersSql(config) : []),
  ]
}

/** With TLS, whoever comes over the network also shows a certificate of the cluster's CA; the donor's own socket has none. */
function sstUsersSql(config: Config): readonly string[] {
  const places = config.tls === 'off' ? [['%', 'NONE']] : [['%', 'X509'], ['localhost', 'NONE']]
  return places.flatMap(([host, shown]) => [
    `CREATE OR REPLACE USER '${SST_USER}'@'${host}' IDENTIFIED BY PASSWORD '${nativeHash(sstPassword(config))}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${SST_USER}'@'${host}' REQUIRE ${shown} WITH GRANT OPTION;`,
  ])
}

/** mariadb-backup needs five of them; the others read all rows and definitions (logical snapshots, checksums). */
const BACKUP_PRIVILEGES = 'SELECT, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, BINLOG ADMIN, CONNECTION ADMIN'

/** EVENT and SET USER: events that a state transfer brought are switched off on the joiner, each with its own definer. */
const AGENT_PRIVILEGES = 'PROCESS, CONNECTION ADMIN, RELOAD, SUPER, EVENT, SET USER'

/** As mysql_native_password keeps it: SHA1(SHA1(password)). */
export function nativeHash(password: string): string {
  const inner = createHash('sha1').update(password).digest()
  return `*${createHash('sha1').update(inner).digest('hex').toUpperCase()}`
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
    `CREATE USER '${AGENT_USER}'@'localhost' IDENTIFIED BY PASSWORD '${nativeHash(agentPassword(config))}';`,
    `GRANT ${AGENT_PRIVILEGES} ON *.* TO '${AGENT_USER}'@'localhost';`,
    ...VIEW_TABLES.map(selectOnFutureTable),
    checkGrant,
    ...transferUsersSql(config),
    `CREATE DATABASE IF NOT EXISTS \`${database}\`;`,
    `CREATE USER '${user}'@'%' IDENTIFIED BY PASSWORD '${nativeHash(appPassword(config))}';`,
    `GRANT ALL ON \`${database.replaceAll('_', '\\_')}\`.* TO '${user}'@'%';`,
    'FLUSH PRIVILEGES;',
    '',
  ].join('\n')
}

/** The server makes these tables at its first start, so GRANT would not find them yet. */
function selectOnFutureTable(table: string): string {
  return `INSERT INTO mysql.tables_priv (Host, Db, User, Table_name, Grantor, Table_priv) VALUES ('localhost', 'mysql', '${AGENT_USER}', '${table}', '', 'Select');`
}
