import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError, UsageError } from '../errors.ts'
import { isErrno, makeFolder, syncFolder } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { markEmpty } from './empty-datadir.ts'
import type { Mariadb } from './programs.ts'

export interface InstallOptions {
  /** `marked`: as the datadir of a gear, which a state transfer may overwrite until a server was launched on it. */
  readonly as: 'marked' | 'unmarked'
  readonly tell: (progress: string) => void
  readonly signal?: AbortSignal
}

/** Their folder. */
const SYSTEM_TABLES = 'mysql'

/**
 * Makes a datadir with system tables and users; under another name first, so that an interrupted
 * setup leaves nothing half-made. Does nothing where there is one.
 * @returns whether it was made
 * @throws OutsideError `install-db`; UsageError `foreign-datadir`
 */
export async function installDatadir(datadir: string, mariadb: Mariadb, usersSql: string, options: InstallOptions): Promise<boolean> {
  const entries = await entriesOf(datadir)
  if (entries.includes(SYSTEM_TABLES)) return false
  if (entries.length > 0) throw new UsageError('foreign-datadir', `${datadir} holds ${entries.slice(0, 3).join(', ')} but no system tables`, 'Move it aside and run galeractl setup again.')
  options.tell(`making the datadir with MariaDB ${mariadb.version}`)
  const unfinished = `${datadir}.new`
  await rm(unfinished, { recursive: true, force: true })
  await makeFolder(unfinished, 0o750)
  // In a shared one each server removes the temporary tables of the others when it starts [ran].
  const temporary = `${datadir}.tmp`
  await makeFolder(temporary, 0o700)
  const base = ['--no-defaults', '--skip-test-db', '--auth-root-authentication-method=socket', '--skip-name-resolve', `--tmpdir=${temporary}`]
  await must(mariadb.installDb, [...base, `--datadir=${unfinished}`], undefined, options.signal)
  const bootstrap = ['--no-defaults', '--bootstrap', '--skip-log-bin', '--wsrep-on=OFF', `--tmpdir=${temporary}`, `--datadir=${unfinished}`]
  await must(mariadb.mariadbd, bootstrap, usersSql, options.signal)
  if (options.as === 'marked') await markEmpty(unfinished)
  await rm(temporary, { recursive: true, force: true })
  await rm(datadir, { recursive: true, force: true })
  await rename(unfinished, datadir)
  await syncFolder(join(datadir, '..'))
  return true
}

export const hasSystemTables = async (datadir: string) => (await entriesOf(datadir)).includes(SYSTEM_TABLES)

async function must(file: string, args: readonly string[], input: string | undefined, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stderr, stdout } = await run(file, args, { timeout: 180_000, ...(input === undefined ? {} : { input }), ...(signal === undefined ? {} : { signal }) })
  if (exitCode === 0 && !/^ERROR:/m.test(stderr)) return
  const lines = `${stderr}\n${stdout}`.trim().split('\n')
  const errors = lines.filter((line) => /^ERROR:|\[ERROR\]/.test(line))
  const said = (errors.length > 0 ? errors : lines).slice(-5).join(' | ')
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
