import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { ownPlace, type OwnPlace, socketIn } from '../mariadb/own-place.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { nativeHash } from '../mariadb/users.ts'
import { readOptions, SERVER_GROUPS } from '../mariadb/option-files.ts'
import { logSince } from '../mariadb/server.ts'
import { causeIn, withPlace } from '../mariadb/start-failure.ts'
import { makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'
import { cleanEnvironment, processInfo, signalProcess } from '../system/processes.ts'
import { waitFor, within } from '../system/wait.ts'
import { AS_IT_WAS } from './loading-options.ts'
import { isRefusal } from './standalone-trouble.ts'

/** A server on a datadir that is part of no cluster: reached by its socket alone, without binary log, events and replication. It dies with this process, and has not its terminal. */
export interface Standalone extends AsyncDisposable {
  readonly socket: string
  /** Who may do everything, until the server ends. Null where the datadir is to stay as it is. */
  readonly access: { readonly socketPath: string; readonly user: string; readonly password: string } | null
  /** In order; the datadir is closed cleanly. @throws OutsideError `standalone-ended` */
  readonly stop: () => Promise<void>
}

export interface StandaloneOptions {
  readonly mariadbd: string
  /** The gear's my.cnf, for what InnoDB must know. */
  readonly config: string
  /** Its folder is made, and removed by `stop`. */
  readonly place: OwnPlace
  /** innodb_buffer_pool_size; null: as the gear has it. */
  readonly bufferPool: string | null
  /** With a user of its own, for changes; it is dropped by `stop`. */
  readonly change: boolean
  readonly signal: AbortSignal
}

/** Crash recovery of a large datadir takes its time. Milliseconds. */
const STARTED_WITHIN = 3_600_000
const STOPPED_WITHIN = 600_000
const ANSWERED_WITHIN = 10_000

const USER = 'galeractl_restore'

export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { mariadbd, config, place, bufferPool, change, signal } = options
  const { folder } = place
  await makeFolder(folder, 0o700)
  await endLeftStandalone(folder)
  const at = (name: string) => join(folder, name)
  const password = randomBytes(24).toString('base64url')
  // A hash: no plugin that judges passwords has a say in it.
  if (change) await writeFileAtomic(at('init.sql'), [`CREATE OR REPLACE USER '${USER}'@'localhost' IDENTIFIED VIA mysql_native_password USING '${nativeHash(password)}';`, `GRANT ALL PRIVILEGES ON *.* TO '${USER}'@'localhost' WITH GRANT OPTION;`, ''].join('\n'), 0o600)
  const args = [`--defaults-file=${config}`, ...ownPlace(place, await readServerSettings(mariadbd, config, signal)), '--strict-password-validation=OFF', ...AS_IT_WAS, ...(bufferPool === null ? [] : [`--innodb-buffer-pool-size=${bufferPool}`]), ...(change ? [`--init-file=${at('init.sql')}`] : [])]
  const log = openSync(at('mariadbd.log'), 'w', 0o640)
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', mariadbd, ...args], { detached: true, stdio: ['ignore', log, log], env: cleanEnvironment(), cwd: folder })
  closeSync(log)
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, how) => resolve(code ?? how ?? 'unknown'))
  })
  let how: number | string | null = null
  void ended.then((value) => (how = value))
  const access = change ? { socketPath: socketIn(folder), user: USER, password } : null
  const reason = async () => whyEnded(at('mariadbd.log'), config)
  const failed = async () => new OutsideError('standalone-ended', `the server on ${place.data} ended with ${how}: ${await reason()}`, 'It ran with the settings of this gear: see whether conf/conf.d has what this data needs, and look at the free space.')
  const kill = async () => {
    if (how === null) child.kill('SIGKILL')
    await ended
  }
  try {
    await writeFileAtomic(at('server.pid'), `${child.pid}\n`, 0o640)
    await waitFor('the server to answer', async () => {
      if (how !== null) throw await failed()
      const answer = await ask(socketIn(folder), access)
      if (answer === 'not-yet') return undefined
      if (answer !== 'yes') throw new OutsideError('standalone-refuses', `the server on ${place.data} refuses its own user: ${answer.message}; its log says: ${await reason()}`, 'It ran with the settings of this gear: see what in conf/conf.d, or which plugin of that data, has a say in logins and passwords.')
      return true
    }, { timeout: STARTED_WITHIN, interval: 20, signal })
  } catch (error) {
    await kill()
    throw error
  }
  return {
    socket: socketIn(folder),
    access,
    stop: async () => {
      if (access !== null) await once(access, `DROP USER '${USER}'@'localhost'`)
      child.kill()
      await waitFor('the server to end', async () => (how === null ? undefined : true), { timeout: STOPPED_WITHIN, interval: 20 })
      if (how !== 0) throw await failed()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
    [Symbol.asyncDispose]: kill,
  }
}

async function whyEnded(log: string, config: string): Promise<string> {
  const text = await logSince(log, 0)
  const cause = causeIn(text)
  return cause === null ? (text.trim().split('\n').at(-1) ?? '') : withPlace(cause, await readOptions(config, SERVER_GROUPS))
}

/** Whether it serves; an error where it never will, since it refuses who was made for this before it took any login. */
async function ask(socketPath: string, access: Standalone['access']): Promise<'yes' | 'not-yet' | Error> {
  try {
    await once(access ?? { socketPath, user: 'nobody', password: '' }, 'SELECT 1')
    return 'yes'
  } catch (error) {
    if (!isRefusal(error)) return 'not-yet'
    // Who is refused by name is answered.
    return access === null ? 'yes' : (error as Error)
  }
}

async function once(access: NonNullable<Standalone['access']>, sql: string): Promise<void> {
  const connection = await openOwnSession({ ...access, connectTimeout: 5_000 }, ANSWERED_WITHIN / 1000)
  try {
    await within(connection.query(sql), ANSWERED_WITHIN)
  } finally {
    connection.destroy()
  }
}

/** Of a process of ours that was killed in the same instant as it could say so. */
async function endLeftStandalone(folder: string): Promise<void> {
  const pid = Number(await readIfExists(join(folder, 'server.pid')))
  const info = pid > 0 ? await processInfo(pid) : null
  if (info === null || !info.command.some((word) => word.includes(`${folder}/`))) return
  signalProcess(pid, 'SIGKILL')
  await waitFor('an earlier server to end', async () => ((await processInfo(pid)) === null ? true : undefined), { timeout: 30_000, interval: 20 })
}
