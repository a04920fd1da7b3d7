import { type Duplex, type Readable, Transform, type TransformCallback, pipeline as join } from 'node:stream'
import { UsageError } from '../errors.ts'
import { type Pipeline, type PipelineOptions, type Stage, startPipeline } from '../system/pipeline.ts'
import { decrypter, encrypter, ITERATIONS } from './cipher.ts'
import type { Key } from './key.ts'
import type { Encryption, Head } from './manifest.ts'

/** How much zstd may use; more threads than one make other, equally valid bytes. */
export interface Compression {
  readonly level: number
  readonly threads: number
}

export const encryptionOf = (key: Key | null): Encryption | null => (key === null ? null : key.method === 'age' ? { method: 'age' } : { method: 'openssl', cipher: 'aes-256-ctr', digest: 'sha256', iterations: ITERATIONS })

/**
 * `producer`'s output compressed and encrypted. Without a producer what is written to `input` is.
 * The caller reads `data` to its end, then awaits `pipeline.ended`.
 */
export async function encode(producer: readonly Stage[], { level, threads }: Compression, key: Key | null, options: PipelineOptions): Promise<{ pipeline: Pipeline; data: Readable }> {
  const zstd: Stage = { file: 'zstd', args: ['-q', '-c', `-${level}`, `-T${threads}`] }
  // With an identity age encrypts to its own recipient.
  const age: readonly Stage[] = key?.method === 'age' ? [{ file: 'age', args: ['--encrypt', key.identity ? '-i' : '-R', '/dev/fd/3'], secret: key.text }] : []
  const cipher = key?.method === 'openssl' ? await encrypter(key.passphrase) : null
  const pipeline = startPipeline([...producer, zstd, ...age], options)
  return { pipeline, data: cipher === null ? pipeline.output : through(pipeline.output, cipher) }
}

/**
 * `data` decrypted and decompressed, into `consumer` or to `pipeline.output`.
 * @throws UsageError `key-missing`, `wrong-key`
 */
export function decode(data: Readable, head: Pick<Head, 'encryption' | 'id'>, key: Key | null, consumer: readonly Stage[], options: PipelineOptions): Pipeline {
  requireKey(head, key)
  const age: readonly Stage[] = head.encryption?.method === 'age' && key?.method === 'age' ? [{ file: 'age', args: ['--decrypt', '-i', '/dev/fd/3'], secret: key.text }] : []
  const plain = head.encryption?.method === 'openssl' && key?.method === 'openssl' ? through(through(data, decrypter(key.passphrase, head.encryption.iterations)), zstdBegin()) : data
  const pipeline = startPipeline([...age, { file: 'zstd', args: ['-q', '-d', '-c'] }, ...consumer], options)
  // What fails first is told: the source, or the programs.
  const fed = new Promise<void>((resolve, reject) => join(plain, pipeline.input, (error) => (error === null || error === undefined || error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET' ? resolve() : reject(error))))
  fed.catch(() => undefined)
  const ended = fed.then(() => pipeline.ended, async (error) => {
    // Whoever reads the output is told the same.
    pipeline.output.on('error', () => undefined).destroy(error)
    await pipeline[Symbol.asyncDispose]()
    throw error
  })
  ended.catch(() => undefined)
  return { ...pipeline, ended, [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose]() }
}

/** @throws UsageError `key-missing` */
export function requireKey({ encryption, id }: Pick<Head, 'encryption' | 'id'>, key: Key | null): void {
  if (encryption === null || (key !== null && key.method === encryption.method && (key.method !== 'age' || key.identity))) return
  const needs = encryption.method === 'age' ? 'an identity of age (AGE-SECRET-KEY-…)' : 'its passphrase'
  throw new UsageError('key-missing', `snapshot ${id} is encrypted and needs ${needs}${key === null ? '' : `; another kind of key was given`}`, 'Give it with --key-file FILE or --key-command COMMAND.')
}

/** With a wrong passphrase the bytes are anything but what zstd writes. */
function zstdBegin(): Transform {
  let first = true
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const wrong = first && chunk.length >= 4 && chunk.readUInt32LE(0) !== 0xfd2fb528
      if (chunk.length > 0) first = false
      if (wrong) done(new UsageError('wrong-key', 'the passphrase does not decrypt this snapshot', 'Give the one that it was made with.'))
      else done(null, chunk)
    },
  })
}

/** As pipe(), but a failure of the source reaches the reader. */
function through(source: Readable, transform: Duplex): Duplex {
  return join(source, transform, () => undefined)
}

/** A few bytes, encrypted as the data is. */
export async function encryptText(text: string, key: Key): Promise<string> {
  return collected(key.method === 'openssl' ? await encrypter(key.passphrase) : ageStream('--encrypt', key), text)
}

/** @throws OutsideError `program-failed` where the key does not fit */
export async function decryptText(encrypted: string, encryption: Encryption, key: Key): Promise<string> {
  const bytes = Buffer.from(encrypted, 'base64')
  const plain = key.method === 'openssl' && encryption.method === 'openssl' ? decrypter(key.passphrase, encryption.iterations) : ageStream('--decrypt', key)
  return Buffer.from(await collected(plain, bytes), 'base64').toString('utf8')
}

interface Both {
  readonly write: (bytes: Buffer | string) => void
  readonly read: AsyncIterable<Buffer>
  readonly ended: Promise<void>
}

function ageStream(verb: '--encrypt' | '--decrypt', key: Key): Both {
  if (key.method !== 'age') throw new UsageError('key-missing', 'an age key is needed', 'Give it with --key-file FILE or --key-command COMMAND.')
  const keyOption = verb === '--decrypt' || key.identity ? '-i' : '-R'
  const { input, output, ended } = startPipeline([{ file: 'age', args: [verb, keyOption, '/dev/fd/3'], secret: key.text }])
  return { write: (bytes) => void input.end(bytes), read: output as AsyncIterable<Buffer>, ended }
}

/** @returns base64 */
async function collected(stream: Duplex | Both, bytes: Buffer | string): Promise<string> {
  const chunks: Buffer[] = []
  const both: Both = 'ended' in stream ? stream : { write: (all) => void stream.end(all), read: stream as AsyncIterable<Buffer>, ended: Promise.resolve() }
  both.write(bytes)
  for await (const chunk of both.read) chunks.push(chunk)
  await both.ended
  return Buffer.concat(chunks).toString('base64')
}
