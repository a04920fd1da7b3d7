import { Readable } from 'node:stream'
import { createTarDecoder } from 'modern-tar'
import { OutsideError } from '../../errors.ts'

/** Members that are held in memory are not larger. */
const MOST_WHOLE = 64 * 1024 * 1024

export interface ArchiveMember {
  readonly name: string
  readonly size: number
  /** Must be read to its end before the next member. */
  readonly parts: () => AsyncIterable<Buffer>
  readonly whole: () => Promise<Buffer>
}

/**
 * The members of a tar archive, as they come. What the input itself fails with is passed on.
 * @throws OutsideError `archive-damaged`
 */
export async function* readMembers(input: Readable): AsyncGenerator<ArchiveMember, void, undefined> {
  let where = 'at its beginning'
  let count = 0
  const explained = (error: unknown) => (input.errored !== null || error instanceof OutsideError ? error : damaged(`${where}: ${(error as Error).message}`, { cause: error }))
  try {
    for await (const { header, body } of (Readable.toWeb(input) as ReadableStream<Uint8Array>).pipeThrough(createTarDecoder({ strict: true }))) {
      const { name, size } = header
      if (header.type !== 'file') throw damaged(`${name} is no file`)
      where = `in ${name}, its member ${++count}`
      const parts = async function* () {
        try {
          for await (const { buffer, byteOffset, byteLength } of body) yield Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
        } catch (error) {
          throw explained(error)
        }
      }
      yield { name, size, parts, whole: async () => {
        if (size > MOST_WHOLE) throw damaged(`${name} has ${size} bytes`)
        return Buffer.concat(await Array.fromAsync(parts()))
      } }
      where = `behind ${name}, its member ${count}`
    }
  } catch (error) {
    throw explained(error)
  }
}

/** What is wrong, and where. */
export const damaged = (what: string, options?: ErrorOptions) => new OutsideError('archive-damaged', `the archive is damaged: ${what}`, 'Take another snapshot, or another copy of this one.', options)
