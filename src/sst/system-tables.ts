import { readColumns, readTables, type Table } from './catalog.ts'
import { identifier, type Projection, projectionOf } from './columns.ts'
import { copyRows, tableName } from './copy-rows.ts'
import { tableStatements } from './definitions.ts'
import type { Wire } from './wire.ts'

/** Where the new tables are filled before they take the place of the old ones. */
const STAGE = 'galeractl_sst'

/** None to carry: logs, what is set by a statement, and InnoDB's own numbers of transactions. */
const NOT_CARRIED: ReadonlySet<string> = new Set(['general_log', 'slow_log', 'gtid_slave_pos', 'transaction_registry'])

/** From 11.6 on, mariadbd makes a user for the script of each transfer and drops it on the donor when that is done [ran]. */
const CARRIED_ROWS: Readonly<Record<string, string>> = { global_priv: " WHERE User NOT LIKE 'wsrep.sst.%'" }

/** What the donor runs is not to run here as well; as Galera writes an event that another node made. */
const CARRIED_AS: Readonly<Record<string, (select: string) => string>> = { event: (select) => select.replace('`status`', "IF(`status` = 'ENABLED', 'SLAVESIDE_DISABLED', `status`)") }

/**
 * Filled in place, at the end: what InnoDB believes about tables, which it writes anew while they are loaded; and the
 * view and the unfinished streaming transactions, which Galera reads when it is told its position (without the view, the
 * joiner's wsrep_cluster_state_uuid stays nil until the next one [ran]).
 */
const AT_THE_END: ReadonlySet<string> = new Set(['innodb_table_stats', 'innodb_index_stats', 'wsrep_cluster', 'wsrep_cluster_members', 'wsrep_streaming_log'])

/**
 * Users, grants, routines, events, time zones, servers, statistics of the engine-independent kind: each table is
 * filled beside and takes the old one's place in one step, so that a transfer that is cut off leaves whole ones.
 * The joiner's own definitions stay, for it may be of a newer version; columns that both have are carried.
 * @returns what the joiner warned of
 */
export async function copySystemTables(donor: Wire, joiner: Wire): Promise<readonly string[]> {
  const told = await fillBeside(donor, joiner, (await carried(donor, joiner)).filter(({ table }) => !AT_THE_END.has(table.name)))
  await joiner.execute('FLUSH PRIVILEGES')
  return told
}

async function fillBeside(donor: Wire, joiner: Wire, tables: readonly Carried[]): Promise<readonly string[]> {
  const told: string[] = []
  await joiner.execute(`DROP DATABASE IF EXISTS ${identifier(STAGE)}`)
  await joiner.execute(`CREATE DATABASE ${identifier(STAGE)}`)
  for (const { table, columns } of tables) {
    const into = `${identifier(STAGE)}.${identifier(table.name)}`
    await joiner.execute(`CREATE TABLE ${into} LIKE ${tableName(table)}`)
    told.push(...(await copyRows(donor, joiner, { from: `${tableName(table)}${CARRIED_ROWS[table.name] ?? ''}`, into, projection: columns }, () => undefined)))
    await joiner.execute(`RENAME TABLE ${tableName(table)} TO ${identifier(STAGE)}.${identifier(`${table.name}_old`)}, ${into} TO ${tableName(table)}`)
  }
  await joiner.execute(`DROP DATABASE ${identifier(STAGE)}`)
  return told
}

/** After all else is loaded. */
export async function copyLastTables(donor: Wire, joiner: Wire): Promise<void> {
  for (const { table, columns } of await carried(donor, joiner)) {
    if (!AT_THE_END.has(table.name)) continue
    await joiner.execute(`DELETE FROM ${tableName(table)}`)
    await copyRows(donor, joiner, { from: tableName(table), into: tableName(table), projection: columns }, () => undefined)
  }
}

interface Carried {
  readonly table: Table
  readonly columns: Projection
}

/** Tables of the donor's schema `mysql`, with the columns that both have. One that the joiner lacks, as users may have made it, is made. */
async function carried(donor: Wire, joiner: Wire): Promise<readonly Carried[]> {
  const known = new Set((await readTables(joiner, 'mysql')).map(({ name }) => name))
  for (const table of await readTables(donor, 'mysql')) if (isCarried(table) && !known.has(table.name)) await joiner.executeAll(await tableStatements(donor, table))
  const [there, here, theirs, ours] = [await readTables(donor, 'mysql'), await readTables(joiner, 'mysql'), await readColumns(donor, 'mysql'), await readColumns(joiner, 'mysql')]
  const both = new Set(here.filter(isCarried).map(({ name }) => name))
  return there.filter((table) => isCarried(table) && both.has(table.name)).map((table) => {
    const own = new Set((ours.get(table.name) ?? []).map(({ name }) => name))
    const columns = projectionOf((theirs.get(table.name) ?? []).filter(({ name }) => own.has(name)))
    return { table, columns: { ...columns, select: CARRIED_AS[table.name]?.(columns.select) ?? columns.select } }
  })
}

const isCarried = ({ name, kind }: Table) => kind === 'table' && !NOT_CARRIED.has(name)
