import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/resolve.ts'
import { OutsideError } from '../errors.ts'
import type { GearPaths } from '../gear/gear.ts'
import { installDatadir } from '../mariadb/datadir.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import type { Mariadb } from '../mariadb/programs.ts'
import { keepTablesInside } from '../mariadb/remote-tables.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { decode } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import { loadLogical } from '../snapshot/logical/load.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { makeFolder, namesIn, readIfExists, writeFileAtomic } from '../system/files.ts'
import { startPipeline } from '../system/pipeline.ts'
import { began, type Tell } from '../system/progress.ts'
import { prepareConfig } from './prepare-config.ts'
import { restoredUsersSql } from './restored-users.ts'
import { fromRows } from './row-progress.ts'
import { startStandalone } from './standalone.ts'

/** The steps that make a datadir of a snapshot, beside the present one. Each can be run again from its beginning. */

/** Bytes of memory that data in the making may have beside a server that runs. */
const MOST_BESIDE = 256 * 1024 * 1024

/** Seconds; nobody else is on that server. */
const LOCK_WAIT = 60

export interface Stage {
  readonly paths: GearPaths
  readonly config: Config
  readonly mariadb: Mariadb
  /** The datadir in the making. */
  readonly data: string
  /** For the files of a server on it; short, since the kernel limits the name of a socket. */
  readonly server: string
  /** A server of the gear runs, which needs its memory. */
  readonly beside: boolean
  readonly tell: Tell
  readonly signal: AbortSignal
}

/** Files out of mariadb-backup's stream. @throws UsageError `key-missing`, `wrong-key`; OutsideError `damaged-part`, `program-failed` */
export async function unpack({ data, signal }: Stage, source: SnapshotSource, key: Key | null): Promise<void> {
  await rm(data, { recursive: true, force: true, maxRetries: 3 })
  await makeFolder(data, 0o750)
  await using programs = decode(source.data, source.head, key, [{ file: 'mbstream', args: ['--extract', '--parallel=2', `--directory=${data}`] }], { signal })
  programs.output.resume()
  await programs.ended
  // Of an archive the sums come last.
  await source.manifest()
  await keepTablesInside(data)
  if ((await checkpointsIn(data)) === undefined) throw new OutsideError('bad-archive', `what was unpacked from ${source.head.id} is no whole backup: xtrabackup_checkpoints is missing`, 'Take another snapshot or copy, and look at what galeractl snapshot verify --deep tells.')
}

/** A fresh datadir with what a logical snapshot holds. @throws as loadLogical */
export async function load(stage: Stage, source: SnapshotSource, key: Key | null): Promise<void> {
  const { paths, data, mariadb, tell, signal } = stage
  await rm(data, { recursive: true, force: true, maxRetries: 3 })
  await installDatadir(data, mariadb, 'FLUSH PRIVILEGES;\n', { as: 'in-one', config: paths.config, tell: (progress) => tell(began(progress)), signal })
  await withServer(stage, async (access) => {
    await using programs = decode(source.data, source.head, key, [], { signal })
    const { notes } = await loadLogical({ access, input: programs.output, lanes: Math.min(8, Math.max(2, availableParallelism())), tell: (progress) => tell(fromRows(progress)), signal })
    await programs.ended
    for (const note of notes) tell(began(note))
  })
  await source.manifest()
}

/** Applies the redo log that was copied along. */
export async function prepare({ paths, mariadb, data, config, beside, tell, signal }: Stage): Promise<void> {
  const checkpoints = await checkpointsIn(data)
  // An earlier run came this far.
  if (checkpoints === undefined) return
  tell(began('applying the redo log'))
  const form = `${data}.cnf`
  await writeFileAtomic(form, prepareConfig((await readIfExists(join(data, 'backup-my.cnf'))) ?? '', await readServerSettings(mariadb.mariadbd, paths.config, signal)), 0o600)
  const folders = ['innodb-data-home-dir', 'innodb-log-group-home-dir', 'innodb-undo-directory'].map((name) => `--${name}=${data}`)
  await using program = startPipeline([{ file: 'mariadb-backup', args: [`--defaults-file=${form}`, '--prepare', `--target-dir=${data}`, ...folders, `--use-memory=${poolFor(config.bufferPool, beside)}`] }], { signal })
  program.output.resume()
  await program.ended
  await rm(form)
  // What mariadb-backup leaves for people; the position would be taken for that of a state transfer. Last what --prepare itself needs.
  const left = (await namesIn(data)).filter((name) => /^((xtrabackup|mariadb_backup)_|donor_galera_info$|backup-my\.cnf$|grastate\.dat$|gvwstate\.dat$)/.test(name))
  for (const name of left.toSorted((a, b) => Number(a === checkpoints) - Number(b === checkpoints))) await rm(join(data, name))
}

const checkpointsIn = async (data: string) => (await namesIn(data)).find((name) => name.endsWith('_checkpoints'))

export interface Access {
  readonly socketPath: string
  readonly user: string
  readonly password: string
}

/** Work on a server of its own, outside of any cluster, by a user who may do everything. */
export async function withServer({ paths, config, mariadb, data, server: folder, beside, tell, signal }: Stage, work: (access: Access) => Promise<void>): Promise<void> {
  tell(began('starting a server on it, outside of any cluster'))
  await using server = await startStandalone({ mariadbd: mariadb.mariadbd, config: paths.config, place: { data, files: 'in-data', folder }, bufferPool: poolFor(config.bufferPool, beside), change: true, signal })
  if (server.access === null) throw new Error('no access')
  await work(server.access)
  await server.stop()
}

export async function giveUsers({ config, tell }: Stage, access: Access): Promise<void> {
  tell(began('giving it the users of this gear'))
  const connection = await openOwnSession(access, LOCK_WAIT)
  try {
    for (const sql of restoredUsersSql(config)) await connection.query(sql)
  } finally {
    connection.destroy()
  }
}

/** All that was written is on the disk. */
export async function makeDurable({ data, tell }: Stage): Promise<void> {
  tell(began('making it durable'))
  await using sync = startPipeline([{ file: 'sync', args: ['--file-system', data] }])
  sync.output.resume()
  await sync.ended
}

/** Beside a server that runs, 256 MiB at most. `size`: as the setting buffer-pool has it. */
export function poolFor(size: string, beside: boolean): string {
  const bytes = Number.parseInt(size, 10) * ({ K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[size.at(-1) ?? ''] ?? 1)
  return beside && bytes > MOST_BESIDE ? String(MOST_BESIDE) : size
}
