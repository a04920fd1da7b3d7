import { createHash } from 'node:crypto'
import { type FileHandle, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { headOf, IN_USE_OFFSET } from '../galera/binlog-event.ts'
import { BINLOG_BASENAME } from '../mariadb/binlog-config.ts'
import { isErrno, namesIn } from '../system/files.ts'

/** A binary log in the datadir. */
export interface Binlog {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Another file at the same path is another binary log. */
  readonly identity: string
}

const NAME = new RegExp(`^${BINLOG_BASENAME}\\.(\\d{6,10})$`)
const MOST_HEAD_BYTES = 1_048_576

/** In the order in which they were written; the last one is still being written while mariadbd runs. */
export async function binlogsIn(datadir: string): Promise<readonly Binlog[]> {
  const names = (await namesIn(datadir)).filter((name) => NAME.test(name)).toSorted((a, b) => numberOf(a) - numberOf(b))
  const found = await Promise.all(names.map(async (name): Promise<Binlog | null> => {
    const path = join(datadir, name)
    // It may be purged meanwhile.
    return stat(path).then(({ size, ino, birthtimeMs }) => ({ path, size, identity: `${ino}-${birthtimeMs}` }), (error) => {
      if (isErrno(error, 'ENOENT')) return null
      throw error
    })
  }))
  return found.filter((one) => one !== null)
}

const numberOf = (name: string) => Number(NAME.exec(name)?.[1])

/**
 * What a binary log is called in the archive: its name and a hash of its beginning, for names come again when a node has
 * lost its data. null while the beginning is not complete. @throws OutsideError `bad-binlog`
 */
export async function archivedName(file: FileHandle, path: string): Promise<string | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_HEAD_BYTES), 0, MOST_HEAD_BYTES, 0)
  const head = headOf(withoutUse(buffer.subarray(0, bytesRead), 0))
  return head === null ? null : `${basename(path)}.${createHash('sha256').update(head).digest('hex').slice(0, 8)}`
}

/** The flag that the server takes away in place at the end is never archived. `at`: where in the file the bytes begin. */
export function withoutUse(bytes: Buffer, at: number): Buffer {
  const flag = IN_USE_OFFSET - at
  if (flag >= 0 && flag < bytes.length) bytes[flag] = (bytes[flag] ?? 0) & ~1
  return bytes
}
