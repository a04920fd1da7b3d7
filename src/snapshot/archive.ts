import { createHash } from 'node:crypto'
import { Readable, type Writable } from 'node:stream'
import { createTarDecoder, packTar, type ParsedTarEntry } from 'modern-tar'
import { OutsideError } from '../errors.ts'
import { formatManifest, type Head, MANIFEST, type Manifest, type Part, parseHead, parseManifest } from './manifest.ts'
import type { PartTarget } from './parts.ts'
import { requireSum, type SnapshotSource } from './source.ts'

/**
 * A snapshot as one tar stream: `ID/head.json`, `ID/data.000001`, …, `ID/manifest.json`. The manifest is last, since it has the sums: an
 * archive without one is not whole. `tar -x` makes of it what a folder of snapshots holds.
 */

const HEAD = 'head.json'

/** A tar member begins with its size: a part is held in memory until it is whole. */
const PART_BYTES = 8 * 1024 * 1024

const BLOCK = 512

/** No text member of ours is as long. */
const LONGEST_TEXT = 64 * 1024 * 1024

export interface ArchiveTarget extends PartTarget {
  /** The manifest and the end. */
  readonly finish: (manifest: Manifest) => Promise<void>
}

/** Who reads it may take its time: only `signal` ends the wait. */
export async function archiveTarget(output: Writable, head: Head, signal: AbortSignal): Promise<ArchiveTarget> {
  const failure = (cause?: Error) => new OutsideError('archive-output', `the archive cannot be written on: ${cause === undefined ? 'who reads it has ended' : ((cause as NodeJS.ErrnoException).code ?? cause.message)}`, 'Look at what reads it, and at its free space.', { cause })
  const failed = new Promise<never>((_, reject) => {
    output.on('error', (cause) => reject(failure(cause))).once('close', () => reject(failure()))
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  failed.catch(() => undefined)
  // Each is awaited: of one that is only taken into the stream, the last above all, nobody would learn that it failed.
  const write = (bytes: Uint8Array) =>
    Promise.race([failed, new Promise<void>((resolve, reject) => output.write(bytes, (cause) => (cause === null || cause === undefined ? resolve() : reject(failure(cause)))))])
  const member = async (name: string, body: Uint8Array) => {
    const whole = await packTar([{ header: { name: `${head.id}/${name}`, size: body.length, mode: 0o640, mtime: new Date(head.startedAt) }, body }])
    await write(whole.subarray(0, BLOCK + Math.ceil(body.length / BLOCK) * BLOCK))
  }
  await member(HEAD, Buffer.from(formatManifest(head)))
  return {
    partBytes: PART_BYTES,
    async begin(name) {
      const chunks: Buffer[] = []
      return { write: async (chunk) => void chunks.push(chunk), end: () => member(name, Buffer.concat(chunks)), abandon: async () => undefined }
    },
    async finish(manifest) {
      await member(MANIFEST, Buffer.from(formatManifest(manifest)))
      await write(Buffer.alloc(2 * BLOCK))
    },
  }
}

/** Who feeds an archive. */
export interface Feeder {
  /** Throws where it is known why an archive is not whole: a command that failed. */
  readonly explain: () => Promise<void>
  /** Also where it was not read to its end. */
  readonly end: () => void
}

const NOBODY: Feeder = { explain: async () => undefined, end: () => undefined }

/**
 * Reads such an archive as it comes.
 * @throws OutsideError `bad-archive`, also later from `data` and `manifest`; the reason of `signal`
 */
export async function archiveSource(input: Readable, signal: AbortSignal, feeder = NOBODY): Promise<SnapshotSource> {
  // Who feeds it may never begin.
  signal.addEventListener('abort', () => input.destroy(signal.reason as Error), { once: true })
  try {
    return await openArchive(input, signal, feeder)
  } catch (error) {
    input.destroy()
    feeder.end()
    throw error
  }
}

async function openArchive(input: Readable, signal: AbortSignal, { explain, end }: Feeder): Promise<SnapshotSource> {
  const members = membersOf(input, signal, explain)
  const first = await members.next()
  if (first.done === true) await explain()
  if (first.done || !first.value.header.name.endsWith(`/${HEAD}`)) throw badArchive('it does not begin with the head of a snapshot')
  const head = parseHead(await textOf(first.value), 'the head of the archive')
  const { promise, resolve, reject } = Promise.withResolvers<Manifest>()
  promise.catch(() => undefined)
  const data = async function* (): AsyncGenerator<Buffer> {
    const seen: Part[] = []
    try {
      for await (const { header, body } of members) {
        if (header.name === `${head.id}/${MANIFEST}`) return resolve(agreed(parseManifest(await textOf({ header, body }), 'the manifest of the archive'), head, seen))
        const hash = createHash('sha256')
        let bytes = 0
        for await (const chunk of body as AsyncIterable<Uint8Array>) {
          hash.update(chunk)
          bytes += chunk.length
          yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        }
        seen.push({ name: header.name.slice(head.id.length + 1), bytes, sha256: hash.digest('hex') })
      }
      await explain()
      throw badArchive('it ends before its manifest: it was cut off')
    } catch (error) {
      reject(error)
      throw error
    }
  }
  const close = () => {
    stream.destroy()
    input.destroy()
    end()
  }
  const stream = Readable.from(data(), { objectMode: false })
  return { head, bytes: null, data: stream, manifest: () => promise, close }
}

/** @throws OutsideError `bad-archive`, `damaged-part` */
function agreed(manifest: Manifest, head: Head, seen: readonly Part[]): Manifest {
  if (manifest.id !== head.id) throw badArchive(`its head is of snapshot ${head.id}, its manifest of ${manifest.id}`)
  for (const [at, part] of manifest.parts.entries()) {
    const found = seen[at]
    if (found === undefined || found.name !== part.name) throw badArchive(`part ${part.name} is missing`)
    requireSum(head.id, part, found.sha256)
  }
  if (seen.length > manifest.parts.length) throw badArchive(`it has ${seen.length} parts, its manifest ${manifest.parts.length}`)
  return manifest
}

async function* membersOf(input: Readable, signal: AbortSignal, explain: () => Promise<void>): AsyncGenerator<ParsedTarEntry> {
  try {
    const entries = (Readable.toWeb(input) as ReadableStream<Uint8Array>).pipeThrough(createTarDecoder({ strict: true }))
    for await (const entry of entries as unknown as AsyncIterable<ParsedTarEntry>) yield entry
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof OutsideError) throw cause
    await explain()
    throw badArchive((cause as Error).message)
  }
}

async function textOf({ header, body }: ParsedTarEntry): Promise<string> {
  if (header.size > LONGEST_TEXT) throw badArchive(`its ${header.name.slice(0, 120)} has ${header.size} bytes`)
  return new Response(body).text()
}

const badArchive = (why: string) => new OutsideError('bad-archive', `this is no whole archive of a snapshot: ${why}`, 'Take another copy; galeractl snapshot export makes one.')
