import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { KEPT } from './folder.ts'

/** The bytes of an archived file; it may be finished since it was seen. Fails where it is damaged. */
export async function contentOf(folder: string, name: string): Promise<Readable> {
  const whole = join(folder, `${name}${KEPT.whole}`)
  const isWhole = await access(join(folder, `${name}${KEPT.note}`)).then(() => true, () => false)
  if (!isWhole) return createReadStream(join(folder, `${name}${KEPT.part}`))
  // Whichever fails closes the other.
  return pipeline(createReadStream(whole), createZstdDecompress(), () => undefined)
}
