import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRecoveredGtid } from '../../src/galera/recovered-position.ts'
import { waitFor } from '../../src/system/wait.ts'
import { IN_ROOT, type TestNode } from './cluster.ts'

/** A copy of a node's data, made while it was written to. */
export interface BaseCopy {
  readonly data: string
  /** Where InnoDB's data ends. */
  readonly position: string
}

/** Runs a program where the servers are. */
export function inRoot(program: string, args: readonly string[]): string {
  const [file = '', ...before] = [...IN_ROOT, program]
  return execFileSync(file, [...before, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** mariadb-backup of a running node, prepared; and its GTID as the data itself tells it. */
export function copyOf(node: TestNode, folder: string): BaseCopy {
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  inRoot('mariadb-backup', ['--backup', '--user=root', `--socket=${node.gear}/run/mariadbd.sock`, `--datadir=${node.gear}/data`, `--target-dir=${data}`])
  inRoot('mariadb-backup', ['--prepare', `--target-dir=${data}`])
  inRoot('chown', ['-R', 'mysql:mysql', folder])
  const recover = [`--defaults-file=${node.gear}/conf/my.cnf`, '--user=mysql', `--datadir=${data}`, '--wsrep-recover', '--skip-log-bin', '--disable-log-error', '--skip-networking', `--socket=${folder}/sock`, `--pid-file=${folder}/pid`]
  const position = parseRecoveredGtid(inRoot('sh', ['-c', 'exec "$0" "$@" 2>&1', 'mariadbd', ...recover]))
  return { data, position }
}

export interface Standalone extends AsyncDisposable {
  readonly socket: string
  readonly rows: (sql: string) => readonly string[]
}

/** A server of its own on a copy of the copy, outside any cluster, reachable by its socket only. */
export async function openCopy({ data }: BaseCopy, folder: string): Promise<Standalone> {
  const own = join(folder, 'data')
  mkdirSync(folder, { recursive: true })
  cpSync(data, own, { recursive: true })
  const socket = join(folder, 'sock')
  writeFileSync(join(folder, 'log'), '')
  inRoot('chown', ['-R', 'mysql:mysql', folder])
  const [file = '', ...before] = [...IN_ROOT, 'mariadbd']
  const server = spawn(file, [...before, '--no-defaults', '--user=mysql', `--datadir=${own}`, `--socket=${socket}`, `--pid-file=${folder}/pid`, `--log-error=${folder}/log`, '--skip-networking', '--skip-log-bin', '--wsrep-on=OFF', '--innodb-flush-log-at-trx-commit=0'], { stdio: 'ignore', cwd: '/' })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const rows: Standalone['rows'] = (sql) => execFileSync('mariadb', ['-uroot', `--socket=${socket}`, '-NB', '-e', sql], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 }).split('\n').slice(0, -1)
  const isUp = async () => {
    try {
      return rows('SELECT 1')
    } catch {
      return undefined
    }
  }
  await waitFor('the copy to answer', isUp, { timeout: 30_000, interval: 50 })
  return {
    socket,
    rows,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGKILL')
      await ended
    },
  }
}
