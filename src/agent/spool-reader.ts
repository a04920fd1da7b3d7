import { watch } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SpoolEntry, MAX_RECORD_BYTES, parseSpool } from '../galera/notify-spool.ts'
import { isErrno } from '../system/files.ts'
import type { Logger } from '../system/log.ts'
import { run } from '../system/processes.ts'
import type { EventCounts } from './event-counts.ts'
import type { EventStream } from './event-stream.ts'

/** Read at once, bytes: more than the longest record. */
const CHUNK_BYTES = 2 * MAX_RECORD_BYTES
/** So much is taken before it is removed. */
const TRIM_BYTES = 262_144
/** After a look, before the next: who writes all the time is read in larger pieces. Milliseconds. */
const PAUSE = 10
/** Milliseconds: where the kernel does not tell of changes, and to try again what failed. */
const LOOK_INTERVAL = 40
const RETRY_INTERVAL = 1_000

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
  #failing = false

  constructor(path: string, target: Target, counts: EventCounts, log: Logger, onActivity: () => void = () => undefined) {
    this.#path = path
    this.#target = target
    this.#counts = counts
    this.#log = log
    this.#onActivity = onActivity
  }

  /** Takes what is there, and from now on what comes. */
  follow(): this {
    const look = () => this.look()
    let timer = setInterval(look, RETRY_INTERVAL)
    const signal = this.#closing.signal
    signal.addEventListener('abort', () => clearInterval(timer))
    const oftener = (err: unknown) => {
      this.#log.warn({ err }, `the notify spool can not be watched; it is looked at every ${LOOK_INTERVAL} ms`)
      clearInterval(timer)
      if (!signal.aborted) timer = setInterval(look, LOOK_INTERVAL)
    }
    try {
      watch(dirname(this.#path), { signal }, (_type, name) => {
        if (name === null || this.#path.endsWith(`/${name}`)) look()
      }).on('error', oftener)
    } catch (error) {
      oftener(error)
    }
    look()
    return this
  }

  /** What comes while it reads is read right after. */
  look(): void {
    this.#again = true
    this.#reading ??= this.#read().finally(() => (this.#reading = null))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#reading
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#closing.signal.aborted) {
      this.#again = false
      try {
        await this.#take()
        this.#failing = false
      } catch (error) {
        if (!this.#failing) this.#log.error({ err: error }, 'events can not be taken from the notify spool; they wait there')
        this.#failing = true
      }
      await delay(PAUSE, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
  }

  async #take(): Promise<void> {
    await using file = await openSpool(this.#path)
    if (file === null) return
    const { ino, birthtimeMs, size } = await file.stat()
    const spool = `${ino}-${Math.round(birthtimeMs)}`
    const { position } = this.#target
    const from = position !== null && position.end <= size && position.spool === spool ? position.end : 0
    if (size > from) this.#onActivity()
    const end = await this.#takeFrom(file, spool, from)
    if (end - this.#trimmed >= TRIM_BYTES && this.#mayTrim) await this.#trim(end)
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

  async #trim(end: number): Promise<void> {
    await this.#target.sync()
    const { exitCode, stderr } = await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(end), this.#path], { timeout: 10_000 })
    this.#trimmed = end
    if (exitCode === 0) return
    this.#mayTrim = false
    this.#log.warn({ stderr }, 'the file system can not free what was read of the notify spool; it stays there')
  }
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
