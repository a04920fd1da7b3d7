import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { run } from '../system/processes.ts'

export interface Mariadb {
  readonly mariadbd: string
  readonly installDb: string
  /** `10.11.19`. */
  readonly version: string
  /** `10.11`. */
  readonly series: string
}

const SERVER_FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec']

/**
 * Finds the server and asks its version.
 * @throws UsageError `no-mariadbd`, `unknown-version`
 */
export async function findMariadb(folder: string | null): Promise<Mariadb> {
  const folders = folder === null ? SERVER_FOLDERS : [folder]
  const mariadbd = await firstExecutable(folders, 'mariadbd')
  if (mariadbd === null) {
    throw new UsageError('no-mariadbd', `no mariadbd in ${folders.join(', ')}`, 'Install mariadb-server and galera-4 (apt-get install mariadb-server galera-4), or set --mariadb-bin DIR.')
  }
  const { stdout } = await run(mariadbd, ['--no-defaults', '--version'], { timeout: 20_000 })
  const version = stdout.match(/Ver (\d+\.\d+\.\d+)-MariaDB/)?.[1]
  if (version === undefined) throw new UsageError('unknown-version', `${mariadbd} --version says ${JSON.stringify(stdout.slice(0, 100))}`, 'Name the folder of a MariaDB server with --mariadb-bin.')
  const installDb = (await firstExecutable([...folders, '/usr/bin'], 'mariadb-install-db')) ?? 'mariadb-install-db'
  return { mariadbd, installDb, version, series: version.split('.').slice(0, 2).join('.') }
}

async function firstExecutable(folders: readonly string[], name: string): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name)
    const found = await access(path, constants.X_OK).then(() => true, () => false)
    if (found) return path
  }
  return null
}
