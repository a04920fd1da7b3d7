import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoggedEvent } from '../galera/notify-event.ts'
import { isErrno } from '../system/files.ts'
import { olderLog, parseEventLine } from './event-log.ts'

/** Milliseconds. */
const LOOK_INTERVAL = 100
const CHUNK_BYTES = 65_536

/** The events of the log, the older file first. With `follow` it goes on until that signal comes, also in the files that are begun meanwhile. */
export async function* readEvents(path: string, follow: AbortSignal | null): AsyncGenerator<LoggedEvent> {
  // The present file first: were it opened last, it might have become the older one meanwhile.
  let file = await openIfExists(path)
  try {
    yield* olderEvents(path, file)
    for (let rest = new Lines(); ; ) {
      if (file !== null) yield* rest.of(file)
      if (follow === null || follow.aborted) return
      const next = await openIfExists(path)
      if (next !== null && !(await isSameFile(file, next))) {
        // What was written before the new file was begun.
        if (file !== null) yield* rest.of(file)
        await file?.close()
        file = next
        rest = new Lines()
        continue
      }
      await next?.close()
      await delay(LOOK_INTERVAL, undefined, { signal: follow }).catch(() => undefined)
    }
  } finally {
    await file?.close()
  }
}

async function* olderEvents(path: string, present: FileHandle | null): AsyncGenerator<LoggedEvent> {
  await using older = await openIfExists(olderLog(path))
  if (older !== null && !(await isSameFile(present, older))) yield* new Lines().of(older)
}

/** Whole lines as they come; a line that is still being written waits for its end. */
class Lines {
  #at = 0
  #rest = Buffer.alloc(0)

  async *of(file: FileHandle): AsyncGenerator<LoggedEvent> {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, this.#at)
      if (bytesRead === 0) return
      this.#at += bytesRead
      const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf('\n') + 1
      this.#rest = bytes.subarray(end)
      for (const line of bytes.toString('utf8', 0, end).split('\n')) {
        const event = parseEventLine(line)
        if (event !== null) yield event
      }
    }
  }
}

async function isSameFile(one: FileHandle | null, other: FileHandle): Promise<boolean> {
  if (one === null) return false
  const [a, b] = await Promise.all([one.stat(), other.stat()])
  return a.ino === b.ino && a.dev === b.dev
}

async function openIfExists(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}
