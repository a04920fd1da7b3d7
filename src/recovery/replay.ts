import { ArchiveReader } from '../archive/inventory.ts'
import { type Replayed, replayBinlogs } from '../archive/replay.ts'
import { planReplay, type ReplayPlan, type ReplayTarget } from '../galera/replay-plan.ts'
import { parseRecoveredGtid } from '../galera/recovered-position.ts'
import { formatServerGtid } from '../galera/server-gtid.ts'
import { OutsideError } from '../errors.ts'
import { ownPlace } from '../mariadb/own-place.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { makeFolder } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { causeIn } from '../mariadb/start-failure.ts'
import { began } from '../system/progress.ts'
import type { Access, Stage } from './stage.ts'

/** How far a restore goes beyond its snapshot, by the archive of binary logs. */
export interface PointInTime {
  /** Folder of the archive. */
  readonly archive: string
  readonly target: ReplayTarget
}

/** Whether the archive reaches that far, from what the snapshot notes of its GTID. @throws as planReplay */
export async function foreseeReplay({ archive, target }: PointInTime, history: string, gtid: string): Promise<ReplayPlan> {
  return planReplay(await new ArchiveReader(archive).inventory(history), gtid, target)
}

/**
 * Applies what the archive has behind the restored data. `from` is its GTID, as the data itself tells it.
 * @throws as planReplay and replayBinlogs
 */
export async function replay({ paths, tell, signal }: Stage, access: Access, point: PointInTime, history: string, from: string): Promise<Replayed> {
  const plan = await foreseeReplay(point, history, from)
  tell(began(`replaying ${plan.steps.length} binary logs from ${from} on`))
  return replayBinlogs({
    ...access,
    archive: point.archive,
    plan,
    temporary: paths.restore,
    signal,
    tell: ({ number, of, transactions, last }) => tell(began(`replaying: ${number} of ${of} binary logs, ${transactions} transactions${last === null ? '' : `, up to ${formatServerGtid(last)}`}`)),
  })
}

/** InnoDB has its GTID from the same write as Galera's position. It is printed only where a provider is set, which is not loaded [ran]. */
export async function gtidOf({ paths, config, mariadb, data, server, signal }: Stage): Promise<string> {
  await makeFolder(server, 0o700)
  const place = ownPlace({ data, files: 'in-data', folder: server }, await readServerSettings(mariadb.mariadbd, paths.config, signal))
  const { exitCode, stdout, stderr } = await run(mariadb.mariadbd, [`--defaults-file=${paths.config}`, ...place, '--wsrep-on=ON', `--wsrep-provider=${config.galeraLibrary}`, '--wsrep-recover'], { timeout: 3_600_000, signal })
  signal.throwIfAborted()
  if (exitCode !== 0) throw new OutsideError('recover-failed', `mariadbd --wsrep-recover on the restored data ended with ${exitCode}: ${causeIn(stderr) ?? stderr.trim().split('\n').at(-1) ?? ''}`, 'Run galeractl snapshot verify --deep.')
  return parseRecoveredGtid(`${stderr}\n${stdout}`)
}

/** For people. */
export const describeReplayed = ({ transactions, last }: Replayed): string => (last === null ? 'nothing was to be replayed' : `${transactions} transactions replayed, up to ${formatServerGtid(last.gtid)} of ${last.time.toISOString()}`)
