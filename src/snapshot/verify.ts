import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError, isErrno } from '../system/files.ts'
import type { Stored } from './store.ts'

/**
 * Every part that is not as the manifest says, by name with what is wrong; all are read. `tell`: bytes so far. A part that can't be read now may
 * be sound.
 * @throws OutsideError `file-write` where reading fails; the signal's reason
 */
export async function damagedParts({ folder, manifest }: Stored, tell: (bytes: number) => void, signal: AbortSignal): Promise<readonly string[]> {
  const damaged: string[] = []
  let total = 0
  for (const { name, bytes, sha256 } of manifest.parts) {
    const path = join(folder, name)
    const hash = createHash('sha256')
    let size = 0
    try {
      size = (await stat(path)).size
      let read = 0
      for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        read += chunk.length
        tell(total + read)
      }
      if (size !== bytes) damaged.push(`${name}: ${size} bytes, not ${bytes}`)
      else if (hash.digest('hex') !== sha256) damaged.push(`${name}: its content was changed`)
    } catch (cause) {
      signal.throwIfAborted()
      if (!isErrno(cause, 'ENOENT')) throw fileError('read', path, cause)
      damaged.push(`${name}: it is missing`)
    }
    total += bytes
  }
  return damaged
}
