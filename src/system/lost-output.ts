import { OutsideError } from '../errors.ts'
import { isErrno } from './files.ts'

/**
 * Keeps a write to stdout or stderr that fails from ending the program: work in hand goes on, and its exit code tells how it went.
 * Who closed a pipe has seen enough (EPIPE), and what stderr does not take cannot be told to anybody. Called once.
 * @returns why stdout did not take all, for any other cause; null where it did. Node tells it after the write, so it is for sure at the exit alone.
 */
export function guardOutput(): () => OutsideError | null {
  let lost: Error | null = null
  process.stdout.on('error', (error) => (lost ??= isErrno(error, 'EPIPE') ? null : error))
  process.stderr.on('error', () => undefined)
  return () => (lost === null ? null : new OutsideError('output-lost', `stdout does not take the output: ${(lost as NodeJS.ErrnoException).code ?? lost.message}`, 'Make room where it goes; what the command did is done.', { cause: lost }))
}
