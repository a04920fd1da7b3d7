import { spawn } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { execa } from 'execa'
import { OutsideError } from '../errors.ts'
import { isErrno } from './files.ts'

export interface RunOptions {
  /** Milliseconds; the process is ended when time is up. */
  readonly timeout: number
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** What it gets when this process dies, however that is: default KILL. */
  readonly onOurDeath?: 'TERM' | 'KILL'
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What is asked to end may take this long, milliseconds. */
const PATIENCE = 5_000

/**
 * Runs a program to its end, without a shell, with exactly the given environment. Any exit code is a result. It leads a session of
 * its own: what runs with the configuration of a gear's owner must not have root's terminal, into which it could type.
 * @throws OutsideError `no-program`, `program-timeout`, `program-killed`; the signal's reason
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { timeout, signal, onOurDeath = 'KILL' } = options
  // Where it has no terminal, Ctrl-C reaches us alone; setpriv takes 1 ms.
  const child = execa('setpriv', ['--pdeathsig', onOurDeath, file, ...args], {
    detached: true,
    env: options.env ?? cleanEnvironment(),
    extendEnv: false,
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    // The caller's folder may be closed to the gear's owner.
    cwd: options.cwd ?? '/',
  })
  const late = AbortSignal.timeout(timeout)
  const done = endGroupOn(signal === undefined ? late : AbortSignal.any([late, signal]), child.pid)
  const result = await child.finally(done)
  signal?.throwIfAborted()
  if (late.aborted) throw new OutsideError('program-timeout', `${file} did not end within ${timeout / 1000} s`, 'Look at the load of the machine and run the command again.')
  if (result.signal !== undefined) throw new OutsideError('program-killed', `${file} was ended by ${result.signal}`, 'See dmesg: the kernel kills where memory runs out.')
  const unable = result.exitCode === undefined ? (result.code ?? result.shortMessage) : /^setpriv: failed to execute .*: (.*)$/m.exec(result.stderr)?.[1]
  if (unable !== undefined || result.exitCode === undefined) throw new OutsideError('no-program', `${file} can't be run: ${unable}`, `Install the package that has ${file}, or mend its permissions.`)
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

/** Ends the process group of `leader` on the signal, also what ignores SIGTERM. @returns what to call when the leader has ended */
function endGroupOn(signal: AbortSignal, leader: number | undefined): () => void {
  if (leader === undefined) return () => undefined
  let late: NodeJS.Timeout | undefined
  const end = () => {
    signalProcess(-leader, 'SIGTERM')
    late = setTimeout(() => signalProcess(-leader, 'SIGKILL'), PATIENCE)
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return () => {
    signal.removeEventListener('abort', end)
    if (late === undefined) return
    clearTimeout(late)
    signalProcess(-leader, 'SIGKILL')
  }
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

/** Exit 5: /proc does not answer, as where this process has no file descriptor left. An unknown is no death. */
export class UnknownProcessError extends OutsideError {
  constructor(what: string, cause: unknown) {
    super('process-unknown', `cannot tell ${what}: /proc answers ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, 'Look at the limits of open files and processes (ulimit -a), then run the command again.', { cause })
  }
}

/** What /proc tells of a process; null for one that is gone or a zombie. @throws UnknownProcessError where it does not answer */
export async function processInfo(pid: number): Promise<ProcessInfo | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1)
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    return { pid, startTime: fields[19] ?? '', session: Number(fields[3]), command, folder }
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ESRCH')) return null
    throw new UnknownProcessError(`whether process ${pid} runs`, cause)
  }
}

/** The living processes of a session, as /proc tells; as many as this user may see. @throws UnknownProcessError */
export async function processSession(session: number): Promise<readonly ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const all = await Promise.all(pids.map(processInfo))
  return all.filter((info) => info !== null).filter((info) => info.session === session)
}

/** From now on this process gets what the CPU has left over, as programs of a pipeline in the background do. */
export async function giveWay(): Promise<void> {
  await run('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)], { timeout: 5_000 })
}

/** Sends a signal to a process, or to a group by its negative number; false where it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
