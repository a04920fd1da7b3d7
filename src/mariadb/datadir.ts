import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError, UsageError } from '../errors.ts'
import { exists, isErrno, makeFolder, syncFolder, writeFileAtomic } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { type Elsewhere, elsewhere, filesElsewhere, placeFiles } from './elsewhere.ts'
import { markEmpty } from './empty-datadir.ts'
import type { Mariadb } from './programs.ts'
import { dataFilePath, readServerSettings, type ServerSettings } from './server-settings.ts'
import { causeIn } from './start-failure.ts'

export interface InstallOptions {
  /**
   * `gear`: with each file where the settings want it, and marked, so that a state transfer may overwrite it until a server was launched on it.
   * `in-one`: all files in the datadir, as in a backup.
   */
  readonly as: 'gear' | 'in-one'
  /** The gear's my.cnf: of its settings count those that say how and where files are made. */
  readonly config: string
  readonly tell: (progress: string) => void
  readonly signal?: AbortSignal
}

/** Their folder. */
const SYSTEM_TABLES = 'mysql'

/**
 * Makes a datadir with system tables and users; under another name first, so that an interrupted
 * setup leaves nothing half-made. Does nothing where there is one.
 * @returns whether it was made
 * @throws OutsideError `install-db`, `bad-settings`; UsageError `foreign-datadir`, `foreign-files`
 */
export async function installDatadir(datadir: string, mariadb: Mariadb, usersSql: string, options: InstallOptions): Promise<boolean> {
  const entries = await entriesOf(datadir)
  if (entries.includes(SYSTEM_TABLES)) return false
  if (entries.length > 0) throw new UsageError('foreign-datadir', `${datadir} holds ${entries.slice(0, 3).join(', ')} but no system tables`, 'Move it aside and run galeractl setup again.')
  const settings = await readServerSettings(mariadb.mariadbd, options.config, options.signal)
  const places = options.as === 'gear' ? await elsewhere(settings, datadir) : []
  const unfinished = `${datadir}.new`
  // There while the files of one that is whole go to their places: from then on they are not anybody else's.
  const placing = `${datadir}.placing`
  if (!(await exists(placing)) || !(await exists(unfinished))) {
    await rm(placing, { force: true })
    await requireFree(places)
    options.tell(`making the datadir with MariaDB ${mariadb.version}`)
    await rm(unfinished, { recursive: true, force: true })
    await makeFolder(unfinished, 0o750)
    await install(unfinished, `${datadir}.tmp`, mariadb, usersSql, settings, options.signal)
    await writeFileAtomic(placing, '', 0o640)
  }
  await placeFiles(unfinished, places)
  if (options.as === 'gear') await markEmpty(unfinished)
  await rm(datadir, { recursive: true, force: true })
  await rename(unfinished, datadir)
  await syncFolder(join(datadir, '..'))
  await rm(placing)
  return true
}

/** Without the owner's settings, which a server that makes system tables may not stand; but with those that can't be changed later. */
async function install(folder: string, temporary: string, mariadb: Mariadb, usersSql: string, settings: ServerSettings, signal: AbortSignal | undefined): Promise<void> {
  // In a shared one each server removes the temporary tables of the others when it starts [ran].
  await makeFolder(temporary, 0o700)
  const form = [`--innodb-data-file-path=${dataFilePath(settings)}`, ...FORM.flatMap((name) => (settings.get(name) === null ? [] : [`--${name}=${settings.get(name)}`]))]
  const base = ['--no-defaults', '--skip-test-db', '--auth-root-authentication-method=socket', '--skip-name-resolve', `--tmpdir=${temporary}`, ...form]
  await must(mariadb.installDb, [...base, `--datadir=${folder}`], undefined, signal)
  const bootstrap = ['--no-defaults', '--bootstrap', '--skip-log-bin', '--wsrep-on=OFF', `--tmpdir=${temporary}`, `--datadir=${folder}`, ...form]
  await must(mariadb.mariadbd, bootstrap, usersSql, signal)
  await rm(temporary, { recursive: true, force: true })
}

/** What a datadir keeps as it was made. */
const FORM = ['innodb-page-size', 'innodb-undo-tablespaces', 'lower-case-table-names']

/** @throws UsageError `foreign-files` where a file is in the way: it may be of another server, or all that is left of other data */
async function requireFree(places: readonly Elsewhere[]): Promise<void> {
  const [there] = await filesElsewhere(places)
  if (there !== undefined) throw new UsageError('foreign-files', `${there} is there already, but no datadir that it belongs to: it may be of another server`, 'Give this gear folders of its own in conf/conf.d, or move those files away.')
}

export const hasSystemTables = async (datadir: string) => (await entriesOf(datadir)).includes(SYSTEM_TABLES)

async function must(file: string, args: readonly string[], input: string | undefined, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stderr, stdout } = await run(file, args, { timeout: 180_000, ...(input === undefined ? {} : { input }), ...(signal === undefined ? {} : { signal }) })
  if (exitCode === 0 && !/^ERROR:/m.test(stderr)) return
  const text = `${stderr}\n${stdout}`
  const said = causeIn(text) ?? text.trim().split('\n').slice(-5).join(' | ')
  throw new OutsideError('install-db', `${file} ended with ${exitCode}: ${said}`, 'Look at the message and the free space, then run galeractl setup again: it starts this step over.')
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return []
    throw new OutsideError('datadir', `cannot read ${folder}: ${(cause as Error).message}`, 'Run as the owner of the gear, or mend the permissions.', { cause })
  }
}
