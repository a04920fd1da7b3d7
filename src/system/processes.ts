import { spawn } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { execa } from 'execa'
import { OutsideError } from '../errors.ts'

export interface RunOptions {
  /** Milliseconds; the process is killed when time is up. */
  readonly timeout: number
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly signal?: AbortSignal
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end, without a shell, with exactly the given environment. Any exit code is a result.
 * @throws OutsideError `no-program` or `program-timeout`
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await execa(file, args, {
    timeout: options.timeout,
    env: options.env ?? cleanEnvironment(),
    extendEnv: false,
    reject: false,
    cleanup: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    // The caller's folder may be closed to the gear's owner.
    cwd: options.cwd ?? '/',
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (result.timedOut) throw new OutsideError('program-timeout', `${file} did not end within ${options.timeout / 1000} s`, 'Look at the load of the machine and run the command again.')
  if (result.exitCode === undefined) throw new OutsideError('no-program', `${file} cannot be run: ${result.code ?? result.shortMessage}`, `Install the package that has ${file}, or mend its permissions.`)
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

/** What servers and tools get of our environment: no settings, no secrets. */
export function cleanEnvironment(): Record<string, string> {
  const kept = ['HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME']
  const env = Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
  return { ...env, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
}

export interface DaemonOptions {
  readonly logFile: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

export interface Daemon {
  readonly pid: number
  /** Resolves when the process ends while we live: its exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

/** Starts a program in a session of its own, so that it outlives us; output goes to the log file. */
export async function startDaemon(file: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
  const log = openSync(options.logFile, 'a', 0o640)
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log], env: { ...options.env }, cwd: options.cwd })
    const ended = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')))
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (cause) => reject(new OutsideError('no-program', `${file} cannot be started: ${cause.message}`, `Look at the path and the permissions of ${file}.`, { cause })))
    })
    child.unref()
    return { pid: child.pid ?? 0, ended }
  } finally {
    closeSync(log)
  }
}

/** The program that this process runs, as a command for a child: the executable, or node with the entry file. */
export function ownCommand(): { file: string; args: readonly string[] } {
  return isSea() ? { file: process.execPath, args: [] } : { file: process.execPath, args: [process.argv[1] ?? ''] }
}

export interface ProcessInfo {
  readonly pid: number
  /** Kernel start time in clock ticks: with the pid it names a process for good. */
  readonly startTime: string
  readonly session: number
  readonly command: readonly string[]
  /** Its working folder; '' where it can't be seen. */
  readonly folder: string
}

/** What /proc tells of a process; null for one that is gone or a zombie. */
export async function processInfo(pid: number): Promise<ProcessInfo | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    return { pid, startTime: fields[19] ?? '', session: Number(fields[3]), command, folder }
  } catch {
    return null
  }
}

/** The living processes of a session, as /proc tells; as many as this user may see. */
export async function processSession(session: number): Promise<readonly ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const all = await Promise.all(pids.map(processInfo))
  return all.filter((info) => info !== null).filter((info) => info.session === session)
}

/** From now on this process gets what the CPU has left over, as programs of a pipeline in the background do. */
export async function giveWay(): Promise<void> {
  await run('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)], { timeout: 5_000 })
}

/** Sends a signal to a process; false where it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
