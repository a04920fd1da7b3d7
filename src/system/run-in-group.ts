import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { signalProcess } from './processes.ts'

export interface GroupOptions {
  /** Default: none. */
  readonly args?: readonly string[]
  /** Milliseconds; then SIGTERM, and SIGKILL `grace` later. */
  readonly timeout: number
  readonly grace: number
  readonly input: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Characters of stdout and stderr together that are kept, about. */
  readonly mostOutput: number
  /** Ends it as if its time were up. */
  readonly signal: AbortSignal
}

export interface GroupResult {
  /** An exit code, the name of a signal, or what kept it from being run (`EACCES`). */
  readonly ended: number | string
  readonly timedOut: boolean
  readonly output: string
}

/** How long what it wrote last may take to come, milliseconds. */
const LAST_OUTPUT = 100

/**
 * Runs a stranger's program in a process group of its own, without a shell, to its end or that of its time. What it
 * leaves in its group is killed then. Never throws.
 */
export async function runInGroup(file: string, options: GroupOptions): Promise<GroupResult> {
  let child: ChildProcess
  try {
    child = spawn(file, [...(options.args ?? [])], { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: { ...options.env }, cwd: options.cwd })
  } catch (error) {
    return { ended: (error as NodeJS.ErrnoException).code ?? 'unknown', timedOut: false, output: '' }
  }
  const output = collect(child, options.mostOutput)
  // It need not read what it is given.
  child.stdin?.on('error', () => undefined).end(options.input)
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const group = -(child.pid ?? 0)
  const timedOut = group === 0 ? false : await endInTime(group, ended, options)
  const how = await ended
  if (group !== 0) signalProcess(group, 'SIGKILL')
  await Promise.race([closed, delay(LAST_OUTPUT)])
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  return { ended: how, timedOut, output: output() }
}

/** @returns whether its time was up */
async function endInTime(group: number, ended: Promise<unknown>, { timeout, grace, signal }: GroupOptions): Promise<boolean> {
  const over = new AbortController()
  const finished = ended.then(() => over.abort())
  const time = (milliseconds: number, signals: readonly AbortSignal[]) => Promise.race([finished, delay(milliseconds, undefined, { signal: AbortSignal.any([over.signal, ...signals]) }).catch(() => undefined)])
  await time(timeout, [signal])
  if (over.signal.aborted) return false
  signalProcess(group, 'SIGTERM')
  await time(grace, [])
  if (!over.signal.aborted) signalProcess(group, 'SIGKILL')
  return true
}

/** Keeps the first part of what it writes; the rest is read and forgotten, so that it is not held up. */
function collect(child: ChildProcess, most: number): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part.slice(0, most - text.length)
    })
  }
  return () => text.trimEnd()
}
