import type { Readable } from 'node:stream'
import { GaleractlError, OutsideError, RefusedError } from '../../errors.ts'
import type { Gtid } from '../../galera/gtid.ts'
import { parseSeqno } from '../../galera/gtid.ts'
import { dropDatabases, readDatabases, readTables } from '../../sst/catalog.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { prepareJoiner } from '../../sst/joiner-settings.ts'
import { Progress, type RowProgress } from '../../sst/progress.ts'
import { openJoiner } from '../../sst/sessions.ts'
import type { Wire } from '../../sst/wire.ts'
import { ArchiveLoader } from './archive-loader.ts'
import { endedBy, openedFor } from './ended-by.ts'
import type { LocalAccess } from './frozen.ts'
import { LoadSessions } from './load-sessions.ts'
import type { CountedTable, Head } from './records.ts'
import { readMembers } from './tar-reader.ts'

/** Milliseconds between two reports. */
const REPORT_INTERVAL = 1_000

export interface LoadOptions {
  /** A server that stands alone (no wsrep) and is empty; a user who may do everything. */
  readonly access: LocalAccess
  /** What dumpLogical wrote. Destroyed where the loading fails. */
  readonly input: Readable
  /** Sessions that load. */
  readonly lanes: number
  readonly tell?: (progress: RowProgress) => void
  readonly signal?: AbortSignal
}

export interface LoadedLogical {
  readonly tables: readonly CountedTable[]
  /** `@@version` of the server that was read. */
  readonly mariadb: string
  readonly position: Gtid | null
  readonly gtidBinlogPos: string
  readonly gtidCurrentPos: string
  /** What was not made, and what the server warned of, for people. */
  readonly notes: readonly string[]
}

/**
 * Loads an archive of dumpLogical, from its first to its last byte. What was loaded before a failure stays: throw the datadir
 * away then.
 * @throws RefusedError `not-empty`; OutsideError `archive-damaged`, `archive-format`, `load-failed`, `rows-differ`; what `input` fails with; the signal's reason
 */
export async function loadLogical({ access, input, lanes, tell = () => undefined, signal }: LoadOptions): Promise<LoadedLogical> {
  await using opened = new AsyncDisposableStack()
  const open = () => openedFor(opened, openJoiner(access, access))
  // It may fail before anybody reads it.
  input.on('error', () => undefined)
  const progress = new Progress(() => performance.now())
  const clock = setInterval(() => tell(progress.look()), REPORT_INTERVAL)
  try {
    return await endedBy(signal, opened, async () => {
      const first = await open()
      await requireEmpty(first)
      const restore = await prepareJoiner(first)
      const loader = new ArchiveLoader(first, new LoadSessions(open, lanes), lanes, progress)
      for await (const member of readMembers(input)) await loader.take(member)
      const { head, tables, notes } = await loader.end()
      // What is known of tables is read anew.
      await first.executeAll(['FLUSH TABLES', 'FLUSH PRIVILEGES'])
      await restore(first)
      return { tables, notes, mariadb: head.mariadb, position: positionOf(head), gtidBinlogPos: head.gtidBinlogPos, gtidCurrentPos: head.gtidCurrentPos }
    })
  } catch (error) {
    input.destroy()
    throw signal?.aborted === true || error instanceof GaleractlError || error === input.errored ? error : new OutsideError('load-failed', `the loading failed at: ${progress.look().stage}: ${(error as Error).message}`, 'Look at the message and at the log of the server.', { cause: error })
  } finally {
    clearInterval(clock)
  }
}

/** Databases without tables are dropped: others of the same name take their place. */
async function requireEmpty(wire: Wire): Promise<void> {
  const databases = await readDatabases(wire)
  for (const database of databases) {
    const [table] = await readTables(wire, database)
    if (table !== undefined) throw new RefusedError('not-empty', `the server has tables already, as ${tableName(table)}: nothing was done to it`, 'Load into a new datadir.')
  }
  await dropDatabases(wire, databases)
}

const positionOf = ({ position }: Head): Gtid | null => (position === null ? null : { uuid: position.uuid, seqno: parseSeqno(position.seqno) })
