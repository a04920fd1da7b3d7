import { readDatabases, type Table, text } from '../../sst/catalog.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { hasRows, type Inventory, readInventory } from '../../sst/inventory.ts'
import { openReader, READ_VIEW } from '../../sst/sessions.ts'
import type { Wire } from '../../sst/wire.ts'
import type { LocalAccess } from './frozen.ts'
import { endedBy, openedFor } from './ended-by.ts'
import type { CountedTable } from './records.ts'
import { isUsersOwn } from './server-objects.ts'

export interface TableChecksum extends CountedTable {
  /** CHECKSUM TABLE … EXTENDED: the same for the same rows in whatever order. null: it can't be compared. */
  readonly checksum: string | null
  /** Its rows have a time, the end of which is another from 11.5 on: the sums of an older and a newer server differ. */
  readonly versioned: boolean
}

export interface TableSums {
  /** How far the cluster was when the read view was taken; null: the server is no node. */
  readonly seqno: bigint | null
  readonly tables: readonly TableChecksum[]
}

/**
 * Sums of all base tables but the server's own, from one read view of InnoDB, which is taken at once: CHECKSUM TABLE keeps to it [ran].
 * Tables of other engines are summed as they are at that moment.
 */
export async function checksumTables(access: LocalAccess, signal?: AbortSignal): Promise<TableSums> {
  await using opened = new AsyncDisposableStack()
  // Awaited: what was opened is closed behind it.
  return await endedBy(signal, opened, async () => {
    const reader = await openedFor(opened, openReader(access, access))
    await reader.execute(READ_VIEW)
    const [status] = await reader.rows("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_LAST_COMMITTED'")
    const inventory = await readInventory(reader, [...(await readDatabases(reader)), 'mysql'])
    const tables: TableChecksum[] = []
    for (const table of inventory.based.filter((table) => hasRows(table) && (table.database !== 'mysql' || isUsersOwn(table)))) tables.push(await checksumTable(reader, table, inventory))
    return { seqno: status?.[0] === null || status?.[0] === undefined ? null : BigInt(text(status[0])), tables }
  })
}

/** Within the reader's read view. */
export async function checksumTable(reader: Wire, table: Table, { cut }: Pick<Inventory, 'cut'>): Promise<TableChecksum> {
  const [count] = await reader.rows(`SELECT COUNT(*) FROM ${tableName(table)}${table.kind === 'versioned' ? ' FOR SYSTEM_TIME ALL' : ''}`)
  const one = { versioned: table.kind === 'versioned', schema: table.database, name: table.name, rows: Number(text(count?.[0])) }
  // Each server numbers transactions by itself.
  if (cut.includes(table)) return { ...one, checksum: null }
  const [sum] = await reader.rows(`CHECKSUM TABLE ${tableName(table)} EXTENDED`)
  return { ...one, checksum: sum?.[1] === null || sum?.[1] === undefined ? null : text(sum[1]) }
}
