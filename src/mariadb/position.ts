import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { type Gtid, isHistory } from '../galera/gtid.ts'
import { type Grastate, parseGrastate } from '../galera/grastate.ts'
import { type Gvwstate, parseGvwstate } from '../galera/gvwstate.ts'
import type { Data } from '../galera/observation.ts'
import { parseRecoveredPosition } from '../galera/recovered-position.ts'
import { readIfExists } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { examineOptions, withFile } from './effective-options.ts'
import { isAsInstalled, isEmptyDatadir } from './empty-datadir.ts'
import { readOptions, serverGroups } from './option-files.ts'
import { causeIn, withPlace } from './start-failure.ts'

export interface DatadirState {
  readonly data: Data
  readonly gvwstate: Gvwstate | null
  /**
   * Whether mariadbd may restore the view of gvwstate.dat: where grastate.dat does not name the history,
   * Galera ignores the start position and the restored component gets a new history [ran].
   */
  readonly restorable: boolean
  /** State files that were damaged, in words. */
  readonly damaged: readonly string[]
}

export interface PositionQuery {
  readonly datadir: string
  readonly mariadbd: string
  /** As `10.11`. */
  readonly series: string
  readonly config: string
  /** The position of our last clean stop, which makes --wsrep-recover unnecessary where grastate.dat shows the same. */
  readonly departure: Gtid | null
  /** The node was joining when it ended: then what InnoDB recovers may be the half of a transfer. */
  readonly joining: boolean
  /** The node was a member of a history before. */
  readonly member: boolean
  /** The history that a restore began with this data, if it was never Primary in it: then InnoDB still holds the snapshot's. */
  readonly restored: string | null
  readonly signal?: AbortSignal
}

/** Reads how far the data of a stopped node goes. The server must not run. */
export async function readDatadir(query: PositionQuery): Promise<DatadirState> {
  const grastateText = await readIfExists(join(query.datadir, 'grastate.dat'))
  const grastate = grastateText === null ? { value: null, damage: null } : tolerate(() => parseGrastate(grastateText))
  const { gvwstate, damage } = await readGvwstate(query.datadir)
  const damaged = [grastate.damage, damage].filter((one) => one !== null)
  const data = await dataOf(query, grastate.value, grastateText === null)
  const restorable = data.kind === 'position' && grastate.value?.uuid === data.uuid
  return { data, gvwstate, restorable, damaged }
}

/** gvwstate.dat, null where there is none or it is damaged. */
export async function readGvwstate(datadir: string): Promise<{ gvwstate: Gvwstate | null; damage: string | null }> {
  const text = await readIfExists(join(datadir, 'gvwstate.dat'))
  if (text === null) return { gvwstate: null, damage: null }
  const { value, damage } = tolerate(() => parseGvwstate(text))
  return { gvwstate: value, damage }
}

function tolerate<Value>(parse: () => Value): { value: Value | null; damage: string | null } {
  try {
    return { value: parse(), damage: null }
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error
    return { value: null, damage: error.message }
  }
}

async function dataOf(query: PositionQuery, grastate: Grastate | null, noGrastate: boolean): Promise<Data> {
  if (noGrastate && (await isEmptyDatadir(query.datadir))) return { kind: 'fresh' }
  const safeToBootstrap = grastate?.safeToBootstrap ?? false
  if (query.joining && (grastate === null || !isHistory(grastate.uuid))) return { kind: 'partial' }
  const left = query.departure
  if (grastate !== null && left !== null && grastate.uuid === left.uuid && grastate.seqno === left.seqno && left.seqno >= 0n) {
    return { kind: 'position', ...left, source: 'clean-stop', safeToBootstrap }
  }
  try {
    const recovered = await recoverPosition(query)
    if (query.restored !== null && recovered.uuid !== query.restored && (grastate === null || !isHistory(grastate.uuid) || grastate.uuid === query.restored)) return { kind: 'position', uuid: query.restored, seqno: 0n, source: 'recovered', safeToBootstrap: true }
    const closed = grastate !== null && grastate.uuid === recovered.uuid && grastate.seqno === recovered.seqno
    if (isHistory(recovered.uuid) && recovered.seqno >= 0n) return { kind: 'position', ...recovered, source: 'recovered', ...(closed ? { closed } : {}), safeToBootstrap }
    if (grastate !== null && isHistory(grastate.uuid)) return { kind: 'unknown', reason: `grastate.dat names history ${grastate.uuid}, InnoDB recovered ${recovered.uuid}:${recovered.seqno}` }
    if (query.member && (await hasRun(query.datadir))) return { kind: 'nil' }
    return (await isAsInstalled(query.datadir)) ? { kind: 'fresh' } : { kind: 'unknown', reason: 'data that galeractl did not make', strange: true }
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error
    return { kind: 'unknown', reason: error.message }
  }
}

/** InnoDB's redo log is only as install-db left it while no galera.cache was ever made. */
async function hasRun(datadir: string): Promise<boolean> {
  return access(join(datadir, 'galera.cache')).then(() => true, () => false)
}

/**
 * `mariadbd --wsrep-recover`: the position that InnoDB holds, about 0.4 s on a small datadir [ran]. Lines of option files that a server would not start with, or
 * that would have it look at something else, are left out: how far the data goes, the others must know all the same.
 * @throws OutsideError `recover-failed`, `no-recovered-position`
 */
export async function recoverPosition(query: PositionQuery): Promise<Gtid> {
  // Nobody knows yet whether options of plugins that are installed by SQL are meant: first those are kept, then they are left out.
  const kept = await examineOptions({ ...query, arrives: true })
  const recovered = await recoverWith(query, kept.sound).catch((error: unknown) => error)
  if (!(recovered instanceof Error)) return recovered as Gtid
  const strict = recovered instanceof OutsideError ? await examineOptions({ ...query, arrives: false }) : kept
  if (strict.sound === kept.sound) throw recovered
  return recoverWith(query, strict.sound)
}

const recoverWith = (query: PositionQuery, sound: string | null): Promise<Gtid> =>
  sound === null ? recoverBy(query, query.config) : withFile(sound, (file) => recoverBy(query, file))

async function recoverBy(query: PositionQuery, file: string): Promise<Gtid> {
  const args = [`--defaults-file=${file}`, '--wsrep-recover', '--disable-log-error', '--skip-networking', `--datadir=${query.datadir}`]
  const { exitCode, stderr, stdout } = await run(query.mariadbd, args, { timeout: 3_600_000, ...(query.signal === undefined ? {} : { signal: query.signal }) })
  query.signal?.throwIfAborted()
  if (exitCode !== 0) {
    const cause = causeIn(stderr)
    const said = cause === null ? (stderr.trim().split('\n').at(-1) ?? '') : withPlace(cause, await readOptions(query.config, serverGroups(query.series)))
    throw new OutsideError('recover-failed', `mariadbd --wsrep-recover ended with ${exitCode}: ${said.slice(0, 300)}`, 'Repair the datadir or move it aside.')
  }
  return parseRecoveredPosition(`${stderr}\n${stdout}`)
}
