import { type ErrorShape, EXIT, GaleractlError } from '../errors.ts'
import { fileError } from './files.ts'

/** Any error as it is told: ours as it is, a file's as the disk's doing, everything else as a bug of galeractl. */
export function errorShape(error: unknown): ErrorShape {
  if (error instanceof GaleractlError) return error.toShape()
  const { syscall, path } = error as NodeJS.ErrnoException
  if (syscall !== undefined && path !== undefined) return fileError(syscall, path, error).toShape()
  return { code: 'bug', exitCode: EXIT.bug, message: error instanceof Error ? (error.stack ?? error.message) : String(error), hint: 'This is a bug of galeractl: please report it.' }
}
