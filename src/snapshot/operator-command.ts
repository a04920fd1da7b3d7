import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { OutsideError } from '../errors.ts'

/** The operator's own command, run by his shell: its words are never ours, nor a peer's. The shell dies with this process. */
export interface OperatorCommand {
  readonly input: Writable
  readonly output: Readable
  /** Resolves when it ended with 0. @throws OutsideError `operator-command` */
  readonly ended: Promise<void>
  /** Also where it hands its output on to something that goes on: `ended` settles. */
  readonly kill: () => void
}

const LONGEST_STDERR = 2_000

/** Of a command that is asked to end, milliseconds. */
const PATIENCE = 5_000

export function operatorCommand(command: string, option: string): OperatorCommand {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '/bin/sh', '-c', command], { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-LONGEST_STDERR)))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (how: string | number) => reject(new OutsideError('operator-command', `the command of ${option} ended with ${how}${said.trim() === '' ? '' : `: ${said.trim().split('\n').slice(-3).join(' | ')}`}`, 'Run it by hand with a small file; then run this again.'))
    child.once('error', (error) => fail(error.message))
    child.once('close', (code, signal) => (code === 0 ? resolve() : fail(code ?? signal ?? 'unknown')))
  })
  ended.catch(() => undefined)
  const kill = () => {
    for (const stream of child.stdio) stream?.destroy()
    const { pid } = child
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-pid, 'SIGTERM')
    const late = setTimeout(() => process.kill(-pid, 'SIGKILL'), PATIENCE)
    child.once('exit', () => clearTimeout(late))
  }
  return { input: child.stdin, output: child.stdout, ended, kill }
}
