import { readdirSync, readFileSync, statSync } from 'node:fs'
import { isErrno } from './files.ts'
import { UnknownProcessError } from './processes.ts'

/**
 * The processes whose command line fits and that see the same `folder` at its path as we do: those of another root or container
 * may have the same words. Looked for where no file names a process, which is no evidence that there is none. Takes about 6 µs
 * for each process of the machine. Those that this user may not look into are left out.
 * @throws UnknownProcessError where /proc does not answer
 */
export function findProcesses(fits: (command: readonly string[]) => boolean, folder: string): readonly number[] {
  return pids().filter((pid) => fits(commandOf(pid)) && seesFolder(pid, folder))
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
  } catch (cause) {
    throw new UnknownProcessError('which processes run', cause)
  }
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch (cause) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].some((code) => isErrno(cause, code))) return []
    throw new UnknownProcessError(`whether process ${pid} runs`, cause)
  }
}

function seesFolder(pid: number, folder: string): boolean {
  try {
    const [here, there] = [statSync(folder), statSync(`/proc/${pid}/root${folder}`)]
    return here.dev === there.dev && here.ino === there.ino
  } catch {
    return false
  }
}
