import { readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isErrno } from './files.ts'

/** Bytes that its user may still write in a folder; of the nearest one above where it is missing. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (isErrno(error, 'ENOENT') && dirname(folder) !== folder) return freeBytes(dirname(folder))
    throw error
  }
}

/** Bytes of the files in a folder, but of those with a name that is left out; 0 where there is none. */
export async function folderBytes(folder: string, leftOut: RegExp | null = null): Promise<number> {
  let total = 0
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isFile() || leftOut?.test(entry.name)) continue
    // Files come and go meanwhile.
    total += await stat(join(entry.parentPath, entry.name)).then((info) => info.size, () => 0)
  }
  return total
}
