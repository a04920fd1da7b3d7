import { OutsideError } from '../../errors.ts'
import { type Gtid, isHistory, parseSeqno } from '../../galera/gtid.ts'
import { readBaseTables, type Table, text } from '../../sst/catalog.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { hasRows } from '../../sst/inventory.ts'
import { type Access, open, openReader, READ_VIEW } from '../../sst/sessions.ts'
import { SqlError } from '../../sst/answer.ts'
import type { Wire } from '../../sst/wire.ts'
import { openedFor } from './ended-by.ts'

export interface LocalAccess extends Access {
  readonly socketPath: string
}

/** Sessions that see one state of a running server, whatever is written meanwhile. */
export interface Frozen {
  readonly readers: readonly [Wire, ...Wire[]]
  /** Galera's position of that state; null: the server is no node. */
  readonly position: Gtid | null
  readonly gtidBinlogPos: string
  readonly gtidCurrentPos: string
  /** All base tables of that moment. */
  readonly tables: readonly BaseTable[]
  /** Ends the locks of tables that have no read view: they have been read. */
  readonly thaw: () => Promise<void>
}

type BaseTable = Pick<Table, 'database' | 'name' | 'engine'>

/** Seconds that the server may take to bring all writers to a halt; they wait behind it. */
const LOCK_WITHIN = 30

/** Their tables have a read view. */
const WITH_READ_VIEW: ReadonlySet<string> = new Set(['InnoDB', 'ROCKSDB'])

export const hasReadView = ({ engine }: Pick<Table, 'engine'>) => engine !== null && WITH_READ_VIEW.has(engine)

/** ER_LOCK_WAIT_TIMEOUT */
const LOCKED_OUT = 1205

/**
 * Opens `count` readers of one state. Writers wait while that is taken, milliseconds; those of tables without a read view
 * (MyISAM, Aria, …) until `thaw`. A node of a cluster stops applying for that moment, without holding up the others:
 * `wsrep_on` is what makes FLUSH TABLES WITH READ LOCK pause and desync the provider [code: lock.cc].
 * @throws OutsideError `lock-timeout`
 */
export async function freeze(access: LocalAccess, count: number, opened: AsyncDisposableStack): Promise<Frozen> {
  const use = (wire: Promise<Wire>) => openedFor(opened, wire)
  const readers = await Promise.all(Array.from({ length: count }, () => use(openReader(access, access)))) as [Wire, ...Wire[]]
  const keeper = await use(openReader(access, access))
  using lock = await use(open(access, access, [`SET SESSION lock_wait_timeout = ${LOCK_WITHIN}`]))
  // Definitions are in memory then: writers wait for less.
  await readBaseTables(lock)
  await lock.execute('FLUSH TABLES WITH READ LOCK').catch((error: Error) => {
    if (!(error instanceof SqlError) || error.errno !== LOCKED_OUT) throw error
    throw new OutsideError('lock-timeout', `the server could not bring all writers to a halt within ${LOCK_WITHIN} s`, 'A long statement holds its tables: see SHOW FULL PROCESSLIST. Run the command again when it has ended.', { cause: error })
  })
  await Promise.all(readers.map(async (reader) => reader.executeAll([READ_VIEW, 'SAVEPOINT galeractl'])))
  const tables = await readBaseTables(lock)
  const unseen = tables.filter((table) => hasRows(table) && !hasReadView(table) && table.database !== 'mysql')
  if (unseen.length > 0) await keeper.execute(`LOCK TABLES ${unseen.map((table) => `${tableName(table)} READ`).join(', ')}`)
  const position = await readPosition(lock)
  const [gtids = []] = await lock.rows('SELECT @@GLOBAL.gtid_binlog_pos, @@GLOBAL.gtid_current_pos')
  await lock.execute('UNLOCK TABLES')
  return { readers, position, gtidBinlogPos: text(gtids[0]), gtidCurrentPos: text(gtids[1]), tables, thaw: () => keeper.execute('UNLOCK TABLES') }
}

/** Lets go of the definitions that the reader has used, which statements like ALTER TABLE wait for; what it sees stays. */
export const letGo = (reader: Wire) => reader.execute('ROLLBACK TO SAVEPOINT galeractl')

async function readPosition(wire: Wire): Promise<Gtid | null> {
  const rows = await wire.rows("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_uuid', 'wsrep_last_committed')")
  const status = new Map(rows.map(([name, value]) => [text(name), text(value)]))
  const uuid = status.get('wsrep_local_state_uuid') ?? ''
  return isHistory(uuid) ? { uuid, seqno: parseSeqno(status.get('wsrep_last_committed') ?? '-1') } : null
}
