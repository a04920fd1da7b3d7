import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Part } from './manifest.ts'

/** Where parts go: a folder, or an archive that is streamed. */
export interface PartTarget {
  /** Bytes of a part, the last one but. */
  readonly partBytes: number
  begin(name: string): Promise<PartOutput>
}

export interface PartOutput {
  write(chunk: Buffer): Promise<void>
  /** The part is whole; it may become durable later. */
  end(): Promise<void>
  /** It will not be whole. */
  abandon(): Promise<void>
}

export const partName = (number: number) => `data.${String(number).padStart(6, '0')}`

/** Cuts a stream into parts. `tell`: bytes so far. Rejects with the stream's or the target's error. */
export async function writeParts(data: Readable, target: PartTarget, tell: (bytes: number) => void): Promise<readonly Part[]> {
  const parts: Part[] = []
  let open = null as { output: PartOutput; hash: ReturnType<typeof createHash>; bytes: number; name: string } | null
  let total = 0
  const close = async () => {
    if (open === null) return
    const { output, name, bytes, hash } = open
    open = null
    await output.end()
    parts.push({ name, bytes, sha256: hash.digest('hex') })
  }
  try {
    for await (const chunk of data as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        if (open === null) {
          const name = partName(parts.length + 1)
          open = { output: await target.begin(name), hash: createHash('sha256'), bytes: 0, name }
        }
        const piece = chunk.subarray(at, at + target.partBytes - open.bytes)
        open.hash.update(piece)
        await open.output.write(piece)
        open.bytes += piece.length
        at += piece.length
        total += piece.length
        if (open.bytes === target.partBytes) await close()
      }
      tell(total)
    }
    await close()
  } finally {
    await open?.output.abandon()
  }
  return parts
}
