import { spawn } from 'node:child_process'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cleanEnvironment } from '../system/processes.ts'

/** A program and its arguments; run without a shell. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

export interface PipeEnd {
  /** Exit code, name of a signal, or what kept it from being run (`ENOENT`). */
  readonly ended: number | string
  /** The end of what it wrote there. */
  readonly stderr: string
}

const MOST_STDERR = 4_000

/** Runs one program into another to the end of both; when one ends early, the other is ended. `seen` sees what passes. Never throws. */
export async function pipeInto(from: Command, into: Command, seen: (chunk: Buffer) => void, signal: AbortSignal): Promise<{ readonly from: PipeEnd; readonly into: PipeEnd }> {
  const source = start(from, 'from', signal)
  const target = start(into, 'into', signal)
  const watch = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      seen(chunk)
      done(null, chunk)
    },
  })
  const flow = source.stdout === null || target.stdin === null ? Promise.resolve() : pipeline(source.stdout, watch, target.stdin)
  // Why it broke is told by how they ended.
  const broken = flow.catch(() => source.kill('SIGTERM'))
  void target.ended.then(() => source.kill('SIGTERM'))
  const [one, other] = await Promise.all([source.ended, target.ended, broken])
  return { from: one, into: other }
}

function start({ file, args }: Command, side: 'from' | 'into', signal: AbortSignal) {
  // A session of its own: it has not our terminal.
  const child = spawn(file, args, { detached: true, stdio: [side === 'from' ? 'ignore' : 'pipe', side === 'from' ? 'pipe' : 'ignore', 'pipe'], env: cleanEnvironment(), cwd: '/' })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-MOST_STDERR)
  })
  const stop = () => child.kill('SIGTERM')
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  const ended = new Promise<PipeEnd>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ ended: error.code ?? 'unknown', stderr }))
    child.once('close', (code, name) => resolve({ ended: code ?? name ?? 'unknown', stderr }))
  }).finally(() => signal.removeEventListener('abort', stop))
  return { stdout: child.stdout, stdin: child.stdin, kill: (name: NodeJS.Signals) => child.kill(name), ended }
}
