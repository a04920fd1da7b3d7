import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { SST_USER } from '../../src/config/secrets.ts'
import { waitFor } from '../../src/system/wait.ts'

/** A server of its own: no cluster, no network. */
export interface Standalone extends AsyncDisposable {
  readonly access: { readonly socketPath: string; readonly user: string; readonly password: string }
  readonly folder: string
  /** Runs SQL as root; what it prints, without headings. */
  readonly sql: (input: string | Buffer) => string
}

export interface StandaloneOptions {
  /** Options of mariadbd. */
  readonly settings?: readonly string[]
  /** Another root file system with a MariaDB of its own. */
  readonly root?: string
}

const PASSWORD = 'as long as it takes'

/** What every server gets: the user of state transfers, and no anonymous ones. */
const USERS = `FLUSH PRIVILEGES;
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE USER ${SST_USER}@localhost IDENTIFIED BY '${PASSWORD}';
GRANT ALL ON *.* TO ${SST_USER}@localhost WITH GRANT OPTION;
`

/** Makes a datadir below /var/tmp and starts a server on it as user mysql. */
export async function startStandalone({ settings = [], root = process.env['GALERACTL_TEST_ROOT'] ?? '' }: StandaloneOptions = {}): Promise<Standalone> {
  const folder = mkdtempSync(`${root}/var/tmp/galeractl-standalone-`)
  const inside = folder.slice(root.length)
  const command = (...words: string[]): [string, string[]] => (root === '' ? [words[0] ?? '', words.slice(1)] : ['chroot', [root, ...words]])
  const run = (words: readonly string[], input = '') => execFileSync(...command(...words), { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
  for (const name of ['', 'data', 'tmp']) {
    mkdirSync(join(folder, name), { recursive: true })
    chownSync(join(folder, name), Number(run(['id', '-u', 'mysql'])), Number(run(['id', '-g', 'mysql'])))
  }
  const base = ['--no-defaults', '--user=mysql', `--datadir=${inside}/data`, `--tmpdir=${inside}/tmp`]
  run(['mariadb-install-db', ...base, '--skip-test-db', '--skip-name-resolve', '--auth-root-authentication-method=socket'])
  run(['mariadbd', ...base, '--bootstrap', '--wsrep-on=OFF'], USERS)
  const server = spawn(...command('mariadbd', ...base, '--skip-networking', `--socket=${inside}/sock`, `--pid-file=${inside}/pid`, `--log-error=${inside}/log`, ...settings), { stdio: 'ignore' })
  const access = { socketPath: join(folder, 'sock'), user: SST_USER, password: PASSWORD }
  await waitFor('the server to answer', () => answers(server, access, join(folder, 'log')), { timeout: 30_000 })
  return {
    access,
    folder,
    sql: (input) => execFileSync('mariadb', ['-uroot', '--default-character-set=utf8mb4', '-NB', '-S', access.socketPath], { input, maxBuffer: 2 ** 28, encoding: 'utf8' }),
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, 'exit')
      if (server.exitCode === null && server.kill('SIGKILL')) await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}

async function answers(server: ChildProcess, access: Standalone['access'], log: string): Promise<true | undefined> {
  if (server.exitCode !== null) throw new Error(`mariadbd ended: ${readFileSync(log, 'utf8').split('\n').slice(-10).join('\n')}`)
  return createConnection(access).then(async (connection) => {
    await connection.end()
    return true as const
  }, () => undefined)
}
