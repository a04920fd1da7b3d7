import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '../system/files.ts'

export interface EventPrograms {
  /** Paths, in the order of their names. */
  readonly programs: readonly string[]
  /** What is left alone, and why. */
  readonly refused: readonly { readonly path: string; readonly why: string }[]
}

/** Permissions of group and others to write. */
const OTHERS_WRITE = 0o022
const ANY_EXECUTE = 0o111

/**
 * What is run on events: the executables of a folder, without dotfiles. Nobody but `owner` and root may own or write them, or
 * the folder: who writes them acts as the gear's owner.
 */
export async function findEventPrograms(folder: string, owner: number): Promise<EventPrograms> {
  const unsafe = await wrongWith(folder, owner)
  if (unsafe === 'is gone') return { programs: [], refused: [] }
  if (unsafe !== null) return { programs: [], refused: [{ path: folder, why: unsafe }] }
  const programs: string[] = []
  const refused: { path: string; why: string }[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    if (name.startsWith('.')) continue
    const path = join(folder, name)
    const why = (await wrongWith(path, owner)) ?? (await notExecutable(path))
    if (why === null) programs.push(path)
    else if (why !== 'is gone') refused.push({ path, why })
  }
  return { programs, refused }
}

async function wrongWith(path: string, owner: number): Promise<string | null> {
  try {
    const { uid, mode } = await stat(path)
    if (uid !== owner && uid !== 0) return `belongs to user ${uid}`
    return (mode & OTHERS_WRITE) === 0 ? null : 'can be written by others than its owner'
  } catch (error) {
    return whyNot(error)
  }
}

/** One that can't be looked at keeps no other from being run. */
const whyNot = (error: unknown) => (isErrno(error, 'ENOENT') ? 'is gone' : `cannot be looked at: ${(error as Error).message}`)

async function notExecutable(path: string): Promise<string | null> {
  const info = await stat(path).catch(whyNot)
  if (typeof info === 'string') return info
  return info.isFile() && (info.mode & ANY_EXECUTE) !== 0 ? null : 'is not executable'
}
