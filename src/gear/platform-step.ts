import { type ErrorShape, ReportedError } from '../errors.ts'
import { ownCommand, run } from '../system/processes.ts'
import { tellPeople } from '../system/screen.ts'

/** A platform's action may take 234 s (openshift/origin-server); the answer needs some of them. */
export const BUDGET = 225_000

export interface StepResult {
  readonly exitCode: number
  /** What the command prints with --json. */
  readonly said: Readonly<Record<string, unknown>>
}

/**
 * One galeractl command as a process of its own, with our environment: a platform's script does what
 * a person's command does. Its progress goes to our stderr when it has ended.
 * @throws ReportedError with the command's own error; OutsideError `program-timeout` after `timeout` milliseconds
 */
export async function step(args: readonly string[], timeout: number): Promise<StepResult> {
  const own = ownCommand()
  const { exitCode, stdout, stderr } = await run(own.file, [...own.args, '--json', ...args], { timeout: Math.ceil(timeout), env: process.env as Record<string, string>, onOurDeath: 'TERM' })
  const lines = stderr.split('\n').filter((line) => line !== '')
  const error = lines.map(errorIn).find((one) => one !== null)
  for (const line of lines.filter((one) => errorIn(one) === null)) tellPeople(line)
  if (error !== undefined && error !== null) throw new ReportedError(error)
  // Before its result a long command prints its steps, a line each.
  return { exitCode, said: objectIn(stdout.trimEnd().split('\n').at(-1) ?? '') ?? objectIn(stdout) ?? { output: stdout } }
}

function errorIn(line: string): ErrorShape | null {
  const error = objectIn(line)?.['error'] as ErrorShape | undefined
  return typeof error?.exitCode === 'number' ? error : null
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}
