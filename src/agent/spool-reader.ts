import { constants, type FileHandle, open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type SpoolEntry, MAX_RECORD_BYTES, parseSpool } from '../galera/notify-spool.ts'
import { isErrno } from '../system/files.ts'
import type { Logger } from '../system/log.ts'
import { run } from '../system/processes.ts'
import type { EventCounts } from './event-counts.ts'
import type { EventStream } from './event-stream.ts'
import { SpoolWatch } from './spool-watch.ts'

/** Read at once, bytes: more than the longest record. */
const CHUNK_BYTES = 2 * MAX_RECORD_BYTES
/** So much is taken before it is removed. */
const TRIM_BYTES = 262_144
/** After a look, before the next: who writes all the time is read in larger pieces. Milliseconds. */
const PAUSE = 10

type Target = Pick<EventStream, 'position' | 'take' | 'sync'>

/**
 * Reads what `hooks/notify` appends, at once and in order. Nothing is lost: a hook may have opened the spool long before it
 * writes, so the spool is never renamed, replaced or shortened. What was taken and is durable in the event log is punched out of
 * it (fallocate): the disk gets the room back, and every offset stays what it was. How far it was taken, the event log says.
 */
export class SpoolReader implements AsyncDisposable {
  readonly #path: string
  readonly #target: Target
  readonly #counts: EventCounts
  readonly #log: Logger
  readonly #onActivity: () => void
  readonly #closing = new AbortController()
  readonly #bytes = Buffer.allocUnsafe(CHUNK_BYTES)
  #reading: Promise<void> | null = null
  #again = false
  #trimmed = 0
  #mayTrim = true
  #watch: SpoolWatch | null = null

  constructor(path: string, target: Target, counts: EventCounts, log: Logger, onActivity: () => void = () => undefined) {
    this.#path = path
    this.#target = target
    this.#counts = counts
    this.#log = log
    this.#onActivity = onActivity
  }

  /** Takes what is there, and from now on what comes. */
  follow(): this {
    this.#watch = new SpoolWatch(this.#path, () => this.look(), this.#log)
    this.look()
    return this
  }

  /** What comes while it reads is read right after. */
  look(): void {
    this.#again = true
    this.#reading ??= this.#read().finally(() => (this.#reading = null))
  }

  /** What was taken is freed before the end, so that a copy of the gear has nothing that would be taken again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#reading
    this.#watch?.[Symbol.dispose]()
    await this.#trimLast().catch((err) => this.#log.warn({ err }, 'the notify spool can not be trimmed'))
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#closing.signal.aborted) {
      this.#again = false
      try {
        await this.#take()
        this.#counts.spoolFailing = false
      } catch (error) {
        if (!this.#counts.spoolFailing) this.#log.error({ err: error }, 'events can not be taken from the notify spool; they wait there')
        this.#counts.spoolFailing = true
      }
      await delay(PAUSE, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
  }

  async #take(): Promise<void> {
    await using file = await openSpool(this.#path)
    if (file === null) return
    const { size } = await file.stat()
    const spool = await identityOf(file)
    if (this.#watch?.see(spool) === true) this.#trimmed = 0
    const from = this.#takenOf(spool, size)
    if (size > from) this.#onActivity()
    const end = await this.#takeFrom(file, spool, from)
    if (end - this.#trimmed >= TRIM_BYTES && this.#mayTrim) await this.#trim(file, end)
  }

  /** The bytes that were taken of this spool, of this size. */
  #takenOf(spool: string, size: number): number {
    const { position } = this.#target
    return position !== null && position.end <= size && position.spool === spool ? position.end : 0
  }

  async #takeFrom(file: FileHandle, spool: string, from: number): Promise<number> {
    const bytes = this.#bytes
    for (let at = from; ; ) {
      const { bytesRead } = await file.read(bytes, 0, CHUNK_BYTES, at)
      const { entries, consumed } = parseSpool(bytes.subarray(0, bytesRead))
      // After the read: not earlier than any of it was written.
      const { size, mtime } = await file.stat()
      this.#counts.spoolLag = size - at
      const placed = entries.map((entry): SpoolEntry => ({ ...entry, end: at + entry.end }))
      if (placed.length > 0) await this.#target.take(spool, placed, mtime.toISOString())
      at += consumed
      this.#counts.spoolLag = Math.max(0, size - at)
      if (consumed === 0 || this.#closing.signal.aborted) return at
    }
  }

  async #trimLast(): Promise<void> {
    await using file = await openSpool(this.#path)
    if (file === null || !this.#mayTrim) return
    const end = this.#takenOf(await identityOf(file), (await file.stat()).size)
    if (end > this.#trimmed) await this.#trim(file, end)
  }

  async #trim(file: FileHandle, end: number): Promise<void> {
    await this.#target.sync()
    await using there = await openSpool(this.#path)
    if (there === null || (await identityOf(there)) !== (await identityOf(file))) return
    const why = await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(end), this.#path], { timeout: 10_000 }).then(({ exitCode, stderr }) => (exitCode === 0 ? null : stderr), (error: Error) => error.message)
    this.#trimmed = end
    if (why === null) return
    this.#mayTrim = false
    this.#log.warn({ why }, 'what was read of the notify spool can not be freed; it stays there')
  }
}

/** Another file at the same path is another spool. */
async function identityOf(file: FileHandle): Promise<string> {
  const { ino, birthtimeMs } = await file.stat()
  return `${ino}-${Math.round(birthtimeMs)}`
}

/** Made here where there is none, so that it belongs to the gear's owner whoever calls the hook first. */
async function openSpool(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_CREAT, 0o640)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}
