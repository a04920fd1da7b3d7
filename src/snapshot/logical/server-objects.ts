import { type Table, text } from '../../sst/catalog.ts'
import { identifier, literal } from '../../sst/columns.ts'
import type { Statement, Wire } from '../../sst/wire.ts'

/** Of plugins from libraries, those that tables and users need; others, as password checks, are the new server's affair. */
const NEEDED_PLUGINS = "'STORAGE ENGINE', 'AUTHENTICATION', 'DATA TYPE', 'FUNCTION'"

/** What SQL can make in the server's own schema, and no database has: plugins, functions of libraries, servers. */
export async function serverStatements(wire: Wire): Promise<readonly Statement[]> {
  const plugins = await wire.rows(`SELECT PLUGIN_NAME, PLUGIN_LIBRARY FROM information_schema.PLUGINS WHERE PLUGIN_LIBRARY IS NOT NULL AND PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_TYPE IN (${NEEDED_PLUGINS})`)
  const functions = await wire.rows('SELECT name, ret, dl, type FROM mysql.func')
  const servers = await wire.rows('SELECT Server_name, Wrapper, Host, Db, Username, Password, Socket, Owner, Port FROM mysql.servers')
  const generic = await genericServers(wire)
  const written: Buffer[] = []
  for (const name of generic) {
    const [created] = await wire.rows(`SHOW CREATE SERVER ${identifier(name)}`)
    written.push(Buffer.from(text(created?.[1]).replace(/^CREATE SERVER/, 'CREATE OR REPLACE SERVER').replace(/;\s*$/, '')))
  }
  return [
    ...plugins.map(([name, library]) => `INSTALL PLUGIN IF NOT EXISTS ${identifier(text(name))} SONAME ${literal(text(library))}`),
    ...functions.map(([name, returned, library, type]) => `CREATE OR REPLACE ${text(type) === 'aggregate' ? 'AGGREGATE ' : ''}FUNCTION ${identifier(text(name))} RETURNS ${RETURNED[text(returned)] ?? 'STRING'} SONAME ${literal(text(library))}`),
    ...written,
    ...servers.filter(([name]) => !generic.includes(text(name))).map(([name, wrapper, ...options]) => `CREATE OR REPLACE SERVER ${identifier(text(name))} FOREIGN DATA WRAPPER ${identifier(text(wrapper))} OPTIONS (${optionsOf(options.map(text))})`),
  ]
}

/** From 11.7 on a server keeps its options as they were given, of whatever name; the columns do not tell which were: a port that nobody gave stands there as 3306 [ran: 11.8.9]. */
async function genericServers(wire: Wire): Promise<readonly string[]> {
  const [column] = await wire.rows("SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'mysql' AND TABLE_NAME = 'servers' AND COLUMN_NAME = 'Options'")
  if (column === undefined) return []
  return (await wire.rows("SELECT Server_name FROM mysql.servers WHERE Options <> '{}'")).map(([name]) => text(name))
}

/** By the number in mysql.func. Source: enum Item_result. */
const RETURNED: Readonly<Record<string, string>> = { '0': 'STRING', '1': 'REAL', '2': 'INTEGER', '4': 'DECIMAL' }
const OPTIONS = ['HOST', 'DATABASE', 'USER', 'PASSWORD', 'SOCKET', 'OWNER']

/** Those that are set; the port is a number and the last. */
function optionsOf(values: readonly string[]): string {
  return [...OPTIONS.map((option, at) => [option, values[at] ?? ''] as const).filter(([, value]) => value !== '').map(([option, value]) => `${option} ${literal(value)}`), `PORT ${values.at(-1)}`].join(', ')
}

/** The server's own tables of which rows are carried: their columns are the same in all series. InnoDB's must be there before its tables are opened anew. */
const STATISTICS: Readonly<Record<string, string>> = { table_stats: 'db_name', column_stats: 'db_name', index_stats: 'db_name', innodb_table_stats: 'database_name', innodb_index_stats: 'database_name' }
const ZONES: ReadonlySet<string> = new Set(['time_zone', 'time_zone_leap_second', 'time_zone_name', 'time_zone_transition', 'time_zone_transition_type'])

/** The others of the server's own. Source: mariadb-install-db of 10.11 to 11.8, and what Galera makes. */
const OWN: ReadonlySet<string> = new Set(['column_stats', 'columns_priv', 'db', 'event', 'func', 'general_log', 'global_priv', 'help_category', 'help_keyword', 'help_relation', 'help_topic', 'host', 'plugin', 'proc', 'procs_priv', 'proxies_priv', 'roles_mapping', 'servers', 'slow_log', 'tables_priv', 'transaction_registry', 'user'])
const OWN_BEGIN = /^(gtid_slave_pos|wsrep_|spider_)/

/** Rows of a table of the server's own. */
export interface SystemRows {
  readonly table: Table
  /** Behind the table's name: which rows are carried; the others are each server's own. */
  readonly where: string
}

/** `tables`: those of the schema `mysql`. Time zones that nobody has loaded don't take the place of others. */
export async function systemRows(wire: Wire, tables: readonly Table[]): Promise<readonly SystemRows[]> {
  const [zone] = await wire.rows('SELECT Name FROM mysql.time_zone_name LIMIT 1')
  return tables.flatMap((table): readonly SystemRows[] => {
    const column = STATISTICS[table.name]
    if (column !== undefined) return [{ table, where: ` WHERE ${column} NOT IN ('mysql', 'sys')` }]
    return ZONES.has(table.name) && zone !== undefined ? [{ table, where: '' }] : []
  })
}

/** Whether somebody made it in the server's own schema. */
export const isUsersOwn = ({ name }: Pick<Table, 'name'>) => !OWN.has(name) && !OWN_BEGIN.test(name) && !ZONES.has(name) && STATISTICS[name] === undefined
