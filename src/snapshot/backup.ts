import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { type Gtid, parseGtid } from '../galera/gtid.ts'
import type { Stage } from '../system/pipeline.ts'

/** mariadb-backup on a running server. */

export interface BackupPlace {
  /** With its user and password, for it alone. */
  readonly backupConfig: string
  readonly socket: string
  readonly data: string
  /** An empty folder of its own. */
  readonly temporary: string
}

/** What it told of the moment that the backup shows. */
export interface BackupReport {
  position: Gtid | null
  gtid: string | null
  completed: boolean
}

/** Threads that copy. */
const PARALLEL = 2

/** With the default of a second mariadb-backup waits that long for its own last look at the redo log, with commits blocked [ran]. Milliseconds. */
const LOG_COPY_INTERVAL = 50

/** The program with its words; what it tells goes to `report`, and commits are blocked when `onBlocked` is called. */
export function backupStage(place: BackupPlace, report: BackupReport, onBlocked: () => void): Stage {
  return {
    file: 'mariadb-backup',
    args: [`--defaults-file=${place.backupConfig}`, '--backup', '--stream=xbstream', '--galera-info', `--parallel=${PARALLEL}`, `--log-copy-interval=${LOG_COPY_INTERVAL}`, `--socket=${place.socket}`, `--datadir=${place.data}`, `--target-dir=${place.temporary}`, `--tmpdir=${place.temporary}`],
    onStderr: (line) => {
      if (line.includes('Acquired locks for BACKUP STAGE BLOCK_COMMIT')) onBlocked()
      const position = /Writing Galera info succeeded with ([0-9a-f-]{36}:-?\d+)/.exec(line)?.[1]
      if (position !== undefined) report.position = parseGtid(position)
      report.gtid = /GTID of the last change '([^']*)'/.exec(line)?.[1] ?? report.gtid
      if (line.includes('completed OK!')) report.completed = true
    },
  }
}

/** @throws OutsideError `backup-incomplete`, also where it told no position and `position` gives none */
export function requireComplete(report: BackupReport, known: Gtid | null): Gtid {
  const position = known ?? report.position
  if (!report.completed) throw new OutsideError('backup-incomplete', 'mariadb-backup ended without saying that it completed', 'Look at the server\'s log and run the command again.')
  if (position === null) throw new OutsideError('backup-incomplete', 'mariadb-backup told no position of the cluster', 'Is the node Primary? See galeractl status, and run the command again.')
  return position
}

/** Files that a backup leaves out. */
const LEFT_OUT = /^(galera\.cache|gcache\.page\..*|grastate\.dat|gvwstate\.dat|ib_logfile\d+|ibtmp\d+|.*\.(err|pid))$/

/** Bytes of the files of a datadir that a backup copies, about. */
export async function dataBytes(datadir: string): Promise<number> {
  let total = 0
  for (const entry of await readdir(datadir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || LEFT_OUT.test(entry.name)) continue
    // Tables come and go meanwhile.
    total += await stat(join(entry.parentPath, entry.name)).then((info) => info.size, () => 0)
  }
  return total
}
