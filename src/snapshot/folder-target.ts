import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError } from '../system/files.ts'
import type { PartTarget } from './parts.ts'

const PART_BYTES = 64 * 1024 * 1024

/** Chunks are gathered to this before they are written. */
const GATHERED = 1024 * 1024

/** Files in a folder; each becomes durable while the next is written. `settled` waits for all, and rejects with what failed. */
export function folderTarget(folder: string): PartTarget & { readonly settled: () => Promise<void> } {
  const syncing: Promise<void>[] = []
  return {
    partBytes: PART_BYTES,
    settled: async () => void (await Promise.all(syncing)),
    async begin(name) {
      const path = join(folder, name)
      const fail = (cause: unknown): never => {
        throw fileError('write', path, cause)
      }
      const file = await open(path, 'wx', 0o640).catch(fail)
      let gathered: Buffer[] = []
      let bytes = 0
      const flush = async () => {
        const all = gathered
        const length = bytes
        gathered = []
        bytes = 0
        const { bytesWritten } = await file.writev(all)
        // On a disk that is nearly full the rest fails with its reason.
        if (bytesWritten < length) await file.writeFile(Buffer.concat(all).subarray(bytesWritten))
      }
      return {
        async write(chunk) {
          gathered.push(chunk)
          bytes += chunk.length
          if (bytes < GATHERED) return
          await flush().catch(fail)
        },
        async end() {
          const durable = flush().then(() => file.sync()).finally(() => file.close()).catch(fail)
          durable.catch(() => undefined)
          syncing.push(durable)
        },
        abandon: () => file.close(),
      }
    },
  }
}
