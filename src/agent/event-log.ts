import { open, rename, stat, truncate } from 'node:fs/promises'
import { type KnownView, type LoggedEvent, loggedEventSchema, NO_VIEW, type SpoolPosition, viewAfter } from '../galera/notify-event.ts'
import { isErrno } from '../system/files.ts'

/** Then a new file is begun; one older file is kept. */
export const ROTATE_BYTES = 4_194_304
/** The end of the file is looked through for the last events in steps of so many bytes, each four times the one before. */
const TAIL_BYTES = 65_536

export const olderLog = (path: string): string => `${path}.1`

/** The line's event; null for what is none. */
export function parseEventLine(line: string): LoggedEvent | null {
  try {
    return loggedEventSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}

/**
 * `log/events.jsonl`: append-only, one event a line. It is also the only memory of how far the spool was taken: each line has the
 * position behind its record, so a record and its position become durable in one write, and a crash at any moment neither
 * loses a record nor logs it twice. A line that a crash has cut is removed, and its record is read again.
 */
export class EventLog {
  readonly #path: string
  readonly #rotateBytes: number
  #position: SpoolPosition | null = null
  #view: KnownView | null = null
  /** The size before the last append, and whether what it wrote is still to be cut off. */
  #size = 0
  #unfinished = false

  private constructor(path: string, rotateBytes: number) {
    this.#path = path
    this.#rotateBytes = rotateBytes
  }

  static async open(path: string, rotateBytes = ROTATE_BYTES): Promise<EventLog> {
    const log = new EventLog(path, rotateBytes)
    for (const file of [path, olderLog(path)]) await log.#recall(file)
    return log
  }

  /** How far the spool was taken; null: never. */
  get position(): SpoolPosition | null {
    return this.#position
  }

  get view(): KnownView {
    return this.#view ?? NO_VIEW
  }

  /** All or none: what a full disk took of them is cut off again. */
  async append(events: readonly LoggedEvent[]): Promise<void> {
    const sizeNow = () => stat(this.#path).then((info) => info.size, () => 0)
    // What an earlier attempt left that could not even be cut off.
    if (this.#unfinished && (await sizeNow()) > this.#size) await truncate(this.#path, this.#size)
    if ((await sizeNow()) >= this.#rotateBytes) await this.#rotate()
    await using file = await open(this.#path, 'a', 0o640)
    const { size: before } = await file.stat()
    this.#size = before
    this.#unfinished = true
    try {
      await file.writeFile(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    } catch (error) {
      await file.truncate(before)
      this.#unfinished = false
      throw error
    }
    this.#unfinished = false
    for (const event of events) {
      this.#position = event.position ?? this.#position
      this.#view = viewAfter(this.view, event)
    }
  }

  /** Before what it tells of is removed from the spool. */
  async sync(): Promise<void> {
    await using file = await open(this.#path, 'a', 0o640)
    await file.sync()
  }

  async #rotate(): Promise<void> {
    await this.sync()
    await rename(this.#path, olderLog(this.#path))
  }

  /** From the end of a file on, until position and view are known. */
  async #recall(file: string): Promise<void> {
    for (let most = TAIL_BYTES; this.#position === null || this.#view === null; most *= 4) {
      const { lines, whole } = await tail(file, most)
      for (const line of lines.toReversed()) {
        const event = parseEventLine(line)
        if (event === null) continue
        this.#position ??= event.position
        if (event.members !== null) this.#view ??= viewAfter(NO_VIEW, event)
      }
      if (whole) return
    }
  }
}

/** The last lines of a file, after what a crash has cut was removed from its end. */
async function tail(path: string, most: number): Promise<{ lines: readonly string[]; whole: boolean }> {
  try {
    const { size } = await stat(path)
    const from = Math.max(0, size - most)
    const bytes = Buffer.alloc(size - from)
    await using file = await open(path, 'r')
    await file.read(bytes, 0, bytes.length, from)
    const end = bytes.lastIndexOf('\n') + 1
    if (end < bytes.length && (end > 0 || from === 0)) await truncate(path, from + end)
    return { lines: bytes.toString('utf8', 0, end).split('\n').slice(from === 0 ? 0 : 1, -1), whole: from === 0 }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { lines: [], whole: true }
    throw error
  }
}
