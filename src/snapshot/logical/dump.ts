import type { Writable } from 'node:stream'
import { GaleractlError, OutsideError } from '../../errors.ts'
import type { Gtid } from '../../galera/gtid.ts'
import { SqlError } from '../../sst/answer.ts'
import { readDatabases, type Table, text } from '../../sst/catalog.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { brokenNote, cutNote, type Inventory, readInventory } from '../../sst/inventory.ts'
import { Progress, type RowProgress } from '../../sst/progress.ts'
import type { TableChecksum } from './checksums.ts'
import { readLaterScripts, writeDefinitions } from './definitions.ts'
import { endedBy } from './ended-by.ts'
import { freeze, type Frozen, letGo, type LocalAccess } from './frozen.ts'
import { HEAD, SUMMARY } from './members.ts'
import { FORMAT, type Head, type Summary } from './records.ts'
import { isUsersOwn, systemRows } from './server-objects.ts'
import { TarWriter } from './tar-writer.ts'
import { type RowOptions, writeRows, writeSystemRows } from './write-rows.ts'

/** Milliseconds between two reports. */
const REPORT_INTERVAL = 1_000

export interface DumpOptions extends Partial<RowOptions> {
  readonly access: LocalAccess
  /** It gets one tar archive and ends with it; where that fails it is destroyed. */
  readonly output: Writable
  /** Sessions that read rows. */
  readonly lanes: number
  readonly tell?: (progress: RowProgress) => void
  readonly signal?: AbortSignal
}

export interface LogicalDump {
  readonly tables: readonly TableChecksum[]
  /** Galera's position of all that is in the archive; null: the server is no node. */
  readonly position: Gtid | null
  readonly gtidBinlogPos: string
  readonly gtidCurrentPos: string
  /** Of all members. */
  readonly bytes: number
  /** What was left out, for people. */
  readonly notes: readonly string[]
}

/**
 * Writes all that a running server has into one archive of SQL and text, from one state of it (frozen.ts). No member is held
 * in memory whole but definitions.
 * @throws OutsideError `lock-timeout`, `definitions-changed`, `dump-failed`; the signal's reason
 */
export async function dumpLogical({ access, output, lanes, sums = 'no-sums', buffers = 'fresh', tell = () => undefined, signal }: DumpOptions): Promise<LogicalDump> {
  await using opened = new AsyncDisposableStack()
  const tar = new TarWriter(output)
  const progress = new Progress(() => performance.now())
  const clock = setInterval(() => tell(progress.look()), REPORT_INTERVAL)
  try {
    return await endedBy(signal, opened, () => dump(tar, access, { lanes, sums, buffers }, progress, opened))
  } catch (cause) {
    const error = signal?.aborted === true || cause instanceof GaleractlError ? (cause as Error) : explained(cause as Error, progress.look().stage)
    tar.fail(error)
    throw error
  } finally {
    clearInterval(clock)
  }
}

async function dump(tar: TarWriter, access: LocalAccess, { lanes, ...how }: RowOptions & { readonly lanes: number }, progress: Progress, opened: AsyncDisposableStack): Promise<LogicalDump> {
  progress.stage('taking one state')
  const frozen = await freeze(access, lanes, opened)
  const { readers: [reader], position, gtidBinlogPos, gtidCurrentPos } = frozen
  progress.stage('definitions')
  const databases = await readDatabases(reader)
  const own = await readInventory(reader, ['mysql'])
  const all = await readInventory(reader, databases)
  const inventory: Inventory = { ...all, based: [...all.based, ...own.based.filter(isUsersOwn)], columns: new Map([...all.columns, ...own.columns]) }
  requireSame(frozen, inventory)
  const expected = { tables: inventory.based.length, bytes: inventory.based.reduce((sum, { bytes }) => sum + bytes, 0) }
  progress.expect(expected)
  await tar.add(HEAD, json({ ...(await readHead(frozen)), ...expected }))
  const system = await systemRows(reader, own.based)
  const later = await readLaterScripts(reader, databases, inventory, system)
  await writeDefinitions(tar, frozen.readers, databases, inventory, () => progress.made())
  for (const one of frozen.readers) await letGo(one)

  progress.stage('rows')
  const tables = await writeRows(tar, frozen, inventory, progress, how)
  progress.stage('views, triggers, events and users')
  for (const { name, text } of later.behindRows) await tar.add(name, text)
  const systemTables = await writeSystemRows(tar, reader, system, inventory.columns)
  for (const { name, text } of later.behindSystemRows) await tar.add(name, text)
  const summary: Summary = { tables: tables.map(({ schema, name, rows }) => ({ schema, name, rows })), system: [...systemTables] }
  await tar.add(SUMMARY, json(summary))
  await tar.end()
  const notes = [...inventory.cut.map(cutNote), ...(later.broken.length > 0 ? [brokenNote(later.broken)] : [])]
  return { tables, position, gtidBinlogPos, gtidCurrentPos, bytes: tar.bytes, notes }
}

async function readHead({ readers: [reader], position, gtidBinlogPos, gtidCurrentPos }: Frozen): Promise<Omit<Head, 'tables' | 'bytes'>> {
  const [row = []] = await reader.rows('SELECT @@version, @@GLOBAL.character_set_server, @@GLOBAL.collation_server, @@GLOBAL.lower_case_table_names')
  const [mariadb = '', characterSet = '', collation = '', lowerCaseTableNames = ''] = row.map(text)
  return { format: FORMAT, mariadb, position: position === null ? null : { uuid: position.uuid, seqno: String(position.seqno) }, gtidBinlogPos, gtidCurrentPos, characterSet, collation, lowerCaseTableNames }
}

/** Definitions have no read view: they must still be what they were when the state was taken. */
function requireSame({ tables }: Frozen, { based }: Inventory): void {
  const key = ({ database, name }: Pick<Table, 'database' | 'name'>) => tableName({ database, name })
  const then = new Set(tables.filter((table) => table.database !== 'mysql' || isUsersOwn(table)).map(key))
  const now = new Set(based.map(key))
  const changed = [...then.symmetricDifference(now)]
  if (changed.length > 0) throw changedMeanwhile(changed.slice(0, 3).join(', '))
}

/** ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_LOCK_DEADLOCK (Galera ended the reader for it), ER_TABLE_DEF_CHANGED */
const CHANGED: ReadonlySet<number> = new Set([1054, 1146, 1213, 1412])

/** ER_ACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR */
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1227])

function explained(error: Error, stage: string): OutsideError {
  if (error instanceof SqlError && CHANGED.has(error.errno)) return changedMeanwhile(error.message, error)
  if (error instanceof SqlError && DENIED.has(error.errno)) return new OutsideError('dump-denied', `the user of snapshots may not read everything: ${error.message}`, 'The cluster was made by an older galeractl: run what galeractl sst-account prints on one node.', { cause: error })
  return new OutsideError('dump-failed', `the logical snapshot failed at: ${stage}: ${error.message}`, 'Look at the message and at the log of the server, then take it again.', { cause: error })
}

const changedMeanwhile = (what: string, cause?: Error) => new OutsideError('definitions-changed', `a definition was changed while the snapshot was taken: ${what}`, 'Take it again when no table is made, altered or dropped.', { cause })

const json = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\n`)
