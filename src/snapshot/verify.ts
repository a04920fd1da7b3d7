import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Stored } from './store.ts'

/** Every part that is not as the manifest says, by name with what is wrong; all are read. `tell`: bytes so far. */
export async function damagedParts({ folder, manifest }: Stored, tell: (bytes: number) => void): Promise<readonly string[]> {
  const damaged: string[] = []
  let total = 0
  for (const { name, bytes, sha256 } of manifest.parts) {
    const hash = createHash('sha256')
    let size = 0
    try {
      for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        size += chunk.length
        tell(total + size)
      }
      if (size !== bytes) damaged.push(`${name}: ${size} bytes, not ${bytes}`)
      else if (hash.digest('hex') !== sha256) damaged.push(`${name}: its content was changed`)
    } catch (cause) {
      damaged.push(`${name}: can't be read (${(cause as NodeJS.ErrnoException).code})`)
    }
    total += bytes
  }
  return damaged
}
