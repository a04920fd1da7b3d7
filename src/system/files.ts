import { randomBytes } from 'node:crypto'
import { access, chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OutsideError } from '../errors.ts'

/** The file's text, or null where there is none. Other failures throw with the path in the message. */
export async function readIfExists(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR')) return null
    throw fileError('read', path, cause)
  }
}

/** Names in a folder, sorted; none where there is no such folder. Other failures throw with the path in the message. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (cause) {
    if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR')) return []
    throw fileError('read', folder, cause)
  }
}

export const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false)

/**
 * Writes a whole file so that a crash at any moment leaves the old or the new one: temporary file in
 * the same folder, fsync, rename, fsync of the folder.
 * @throws OutsideError `file-write`
 */
export async function writeFileAtomic(path: string, text: string, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw fileError('write', path, cause)
  }
}

/** Makes a rename or removal in this folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Moves a file aside as `NAME.LABEL-DATE`, durably; null where there is none. */
export async function setAside(path: string, label: string, now: Date): Promise<string | null> {
  const aside = `${path}.${label}-${now.toISOString().replace(/[:.]/g, '')}`
  try {
    await rename(path, aside)
    await syncFolder(dirname(path))
    return aside
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return null
    throw fileError('move aside', path, cause)
  }
}

export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode })
    if (made !== undefined) await chmod(path, mode)
  } catch (cause) {
    throw fileError('make folder', path, cause)
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room and run the command again.',
  EDQUOT: 'The quota is used up: make room and run the command again.',
  EROFS: 'The file system is read-only: mount it for writing and run the command again.',
  EACCES: 'Run as the owner of the gear, or mend the permissions.',
  EPERM: 'Run as the owner of the gear, or mend the permissions.',
  ENOTDIR: 'A part of the path is a file: choose another folder.',
}

export function fileError(what: string, path: string, cause: unknown): OutsideError {
  const code = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause)
  return new OutsideError('file-write', `cannot ${what} ${path}: ${code}`, HINTS[code] ?? 'Look at the path and run the command again.', { cause })
}
