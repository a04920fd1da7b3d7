import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { PassThrough, pipeline as join, type Readable, type Writable } from 'node:stream'
import { OutsideError } from '../errors.ts'
import { cleanEnvironment, signalProcess } from './processes.ts'
import { openSecret } from './secret-file.ts'

/** One program of a pipeline. */
export interface Stage {
  readonly file: string
  readonly args: readonly string[]
  /** Given on descriptor 3 (`/dev/fd/3`): a secret that is in no argument and no environment. */
  readonly secret?: Buffer
  readonly env?: Readonly<Record<string, string>>
  readonly onStderr?: (line: string) => void
}

export interface Pipeline extends AsyncDisposable {
  /** The first program's, where nobody else feeds it. */
  readonly input: Writable
  /** The last program's. */
  readonly output: Readable
  /** Of the programs, in order. */
  readonly pids: readonly number[]
  /**
   * Resolves when all have ended well.
   * @throws OutsideError `program-failed` with the first that failed by itself, and what it said last
   */
  readonly ended: Promise<void>
}

export interface PipelineOptions {
  /** With what CPU and disk have left over: a server that answers late holds up its whole cluster. */
  readonly background?: boolean
  readonly cwd?: string
  readonly signal?: AbortSignal
}

/** Milliseconds. */
const SAME_MOMENT = 100

/** Lines of stderr that are kept of each program, and characters of each. */
const KEPT_LINES = 8
const LONGEST_LINE = 300

/**
 * Runs programs without a shell, each reading what the one before it writes: the kernel moves the data, not this process. They die
 * with this process, however it ends, and have not its terminal.
 */
export function startPipeline(stages: readonly Stage[], { background = false, cwd = '/', signal }: PipelineOptions = {}): Pipeline {
  // util-linux has all three.
  const guard = ['setpriv', '--pdeathsig', 'TERM', ...(background ? ['chrt', '--idle', '0', 'ionice', '-c', '3'] : [])]
  const children: ChildProcess[] = []
  let next: Writable | 'pipe' = 'pipe'
  // From the last to the first: a program writes straight to the input of the next.
  for (const { file, args, secret, env } of stages.toReversed()) {
    const [program = '', ...words] = [...guard, file, ...args]
    const fd = secret === undefined ? null : openSecret(secret)
    const child = spawn(program, words, { detached: true, stdio: ['pipe', next, 'pipe', ...(fd === null ? [] : [fd])], env: { ...(env ?? cleanEnvironment()) }, cwd })
    if (next !== 'pipe') next.destroy()
    next = child.stdin as Writable
    if (fd !== null) closeSync(fd)
    children.unshift(child)
  }
  for (const { stdin } of children) stdin?.on('error', () => undefined)
  const all = Promise.all(children.map((child, at) => outcome(child, stages[at] as Stage)))
  const kill = (how: NodeJS.Signals = 'SIGTERM') => {
    // A number whose process has ended may be another's.
    for (const { pid, exitCode, signalCode } of children) if (pid !== undefined && exitCode === null && signalCode === null) signalProcess(-pid, how)
  }
  const abort = () => kill()
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) kill()
  const judge = async () => {
    const outcomes = await all
    signal?.removeEventListener('abort', abort)
    signal?.throwIfAborted()
    throwFirst(outcomes)
  }
  const ended = judge()
  ended.catch(() => undefined)
  // Node throws away what a child has written that ends before anybody reads it.
  const output = join(children.at(-1)?.stdout as Readable, new PassThrough(), () => undefined)
  return {
    input: children[0]?.stdin as Writable,
    output,
    pids: children.map(({ pid }) => pid ?? 0),
    ended,
    [Symbol.asyncDispose]: async () => {
      kill()
      const late = setTimeout(() => kill('SIGKILL'), 5_000)
      children.at(-1)?.stdout?.destroy()
      output.destroy()
      await all
      clearTimeout(late)
    },
  }
}

interface Outcome {
  readonly program: string
  readonly how: number | string
  /** When (performance.now). */
  readonly at: number
  readonly said: readonly string[]
}

function outcome(child: ChildProcess, { file, onStderr }: Stage): Promise<Outcome> {
  const said: string[] = []
  let rest = ''
  const take = (line: string) => {
    onStderr?.(line)
    said.push(line.slice(0, LONGEST_LINE))
    if (said.length > KEPT_LINES) said.shift()
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = (lines.pop() ?? '').slice(-64 * 1024)
    for (const line of lines) if (line.trim() !== '') take(line)
  })
  return new Promise((resolve) => {
    let at = Infinity
    child.once('exit', () => (at = performance.now()))
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ program: file, how: error.code ?? 'unknown', at: 0, said }))
    child.once('close', (code, signal) => {
      if (rest.trim() !== '') take(rest)
      resolve({ program: file, how: code ?? signal ?? 'unknown', at, said })
    })
  })
}

/** Who ended because its neighbour did is not to blame. */
function throwFirst(outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ how }) => how !== 0)
  const first = Math.min(...failed.map(({ at }) => at))
  // Neighbours end at nearly the same moment: then who comes earlier in the pipeline is to blame, unless it says that its reader was gone.
  const blamed = failed.find(({ how, at, said }) => at - first < SAME_MOMENT && how !== 'SIGPIPE' && how !== 141 && how !== 'SIGTERM' && !/broken pipe|connection reset/i.test(said.at(-1) ?? '')) ?? failed.toSorted((a, b) => a.at - b.at)[0]
  if (blamed === undefined) return
  const missing = blamed.said.some((line) => /^(setpriv|nice|ionice): .*(No such file|not found)/.test(line))
  const hint = missing || blamed.how === 'ENOENT' ? `Install the package that has ${blamed.program}.` : 'Look at the message, and at the free space.'
  throw new OutsideError('program-failed', `${blamed.program} ended with ${blamed.how}: ${blamed.said.slice(-3).join(' | ') || 'it said nothing'}`, hint)
}
