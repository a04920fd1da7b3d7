import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { OutsideError } from '../errors.ts'
import { fileError } from '../system/files.ts'
import type { Head, Manifest, Part } from './manifest.ts'
import type { Stored } from './store.ts'

/** A snapshot as it is read: from a folder, or from an archive that comes as a stream. */
export interface SnapshotSource {
  readonly head: Head
  /** Compressed bytes of all parts together; null where that is known at the end only. */
  readonly bytes: number | null
  /** All parts, one after the other. Fails with OutsideError `damaged-part` where a sum does not fit. To be read once. */
  readonly data: Readable
  /** After the last byte of data was read. */
  readonly manifest: () => Promise<Manifest>
  /** Also where it was not read to its end. */
  readonly close: () => void
}

export function storedSource(stored: Stored, tell: (bytes: number) => void = () => undefined): SnapshotSource {
  const { manifest } = stored
  const data = Readable.from(checkedParts(stored, tell), { objectMode: false })
  return { head: manifest, bytes: manifest.bytes, data, manifest: async () => manifest, close: () => void data.destroy() }
}

async function* checkedParts({ folder, manifest, damage }: Stored, tell: (bytes: number) => void): AsyncGenerator<Buffer> {
  if (damage !== null) throw new OutsideError('damaged-part', `snapshot ${manifest.id}: ${damage}`, 'Take another copy, or another snapshot.')
  let total = 0
  for (const part of manifest.parts) {
    const hash = createHash('sha256')
    try {
      for await (const chunk of createReadStream(join(folder, part.name), { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        total += chunk.length
        tell(total)
        yield chunk
      }
    } catch (cause) {
      throw fileError('read', join(folder, part.name), cause)
    }
    requireSum(manifest.id, part, hash.digest('hex'))
  }
}

/** @throws OutsideError `damaged-part` */
export function requireSum(id: string, part: Part, sha256: string): void {
  if (sha256 !== part.sha256) throw new OutsideError('damaged-part', `snapshot ${id}: part ${part.name} is damaged: its SHA-256 is ${sha256.slice(0, 16)}…, not ${part.sha256.slice(0, 16)}…`, 'Take another copy, or another snapshot.')
}
