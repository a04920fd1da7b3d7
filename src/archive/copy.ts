import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseNote } from '../galera/archived-binlog.ts'
import { BinlogScan } from '../galera/binlog-scan.ts'
import { makeFolder, readIfExists } from '../system/files.ts'
import { archivedName, type Binlog, withoutUse } from './binlogs.ts'
import { KEPT } from './folder.ts'

const CHUNK_BYTES = 262_144
/** Then others have their turn. */
const MOST_CHUNKS = 256

/** A binary log and its copy in the archive, which is a prefix of it at any moment, also after a crash of either side. */
export class BinlogCopy implements AsyncDisposable {
  readonly name: string
  readonly identity: string
  readonly #source: FileHandle
  #scan = new BinlogScan()
  #part: FileHandle | null = null
  #folder: string | null = null

  private constructor(name: string, identity: string, source: FileHandle) {
    this.name = name
    this.identity = identity
    this.#source = source
  }

  /** null while its beginning is not written. @throws OutsideError `bad-binlog` */
  static async open({ path, identity }: Binlog): Promise<BinlogCopy | null> {
    const source = await open(path, 'r')
    try {
      const name = await archivedName(source, path)
      if (name !== null) return new BinlogCopy(name, identity, source)
    } catch (error) {
      await source.close()
      throw error
    }
    await source.close()
    return null
  }

  /** Bytes that were read of the source, and archived once it was begun. */
  taken = 0

  /** Bytes in the archive. */
  get archived(): number {
    return this.#part === null ? 0 : this.taken
  }

  /** Whether what is written still goes to the archive: somebody may have removed it, or mounted another one. */
  async isThere(): Promise<boolean> {
    if (this.#part === null || this.#folder === null) return true
    const [open, there] = [await this.#part.stat(), await stat(join(this.#folder, `${this.name}${KEPT.part}`)).catch(() => null)]
    return there !== null && there.ino === open.ino && there.dev === open.dev
  }

  /** Whether it holds any of the cluster's transactions, as far as it was read. */
  get holdsAny(): boolean {
    return this.#scan.first !== null
  }

  /** The folder that its copy is in, once it is in one. */
  get folder(): string | null {
    return this.#folder
  }

  /** Makes the copy there, or goes on with the one that is there. @throws what the disk says */
  async begin(folder: string): Promise<void> {
    if (this.#part !== null) return
    await makeFolder(folder, 0o750)
    const part = await open(join(folder, `${this.name}${KEPT.part}`), 'a+', 0o640)
    try {
      const { scan, size } = await this.#compare(part)
      if (size < (await part.stat()).size) await part.truncate(size)
      this.#scan = scan
      this.taken = size
    } catch (error) {
      await part.close()
      throw error
    }
    this.#part = part
    this.#folder = folder
  }

  /** Reads what is new, at most 64 MiB, and, once begun, archives it durably. */
  async take(signal: AbortSignal): Promise<void> {
    const before = this.taken
    for (let chunks = 0; chunks < MOST_CHUNKS && !signal.aborted; chunks++) {
      const chunk = await this.#read(this.#source, this.taken)
      if (chunk.length === 0) break
      await this.#part?.appendFile(chunk)
      this.taken += chunk.length
      this.#scan.add(chunk)
      // Until it is known where to, its beginning is enough.
      if (this.#part === null && this.holdsAny) break
    }
    if (this.taken > before) await this.#part?.datasync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#part?.close()
    await this.#source.close()
  }

  /** How much of the copy is the source's: what a crash of its disk left behind is taken again. */
  async #compare(part: FileHandle): Promise<{ scan: BinlogScan; size: number }> {
    const scan = new BinlogScan()
    for (let size = 0; ; ) {
      const [theirs, ours] = [await this.#read(part, size), await this.#read(this.#source, size)]
      const same = ours.subarray(0, theirs.length)
      if (theirs.length === 0 || !same.equals(theirs)) return { scan, size }
      scan.add(same)
      size += same.length
    }
  }

  async #read(file: FileHandle, at: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at)
    return withoutUse(buffer.subarray(0, bytesRead), at)
  }
}

/** Whether the archive has all of this binary log. One that was finished when it seemed to be gone, and that came back, is begun again. */
export async function isFinished(folder: string, name: string, size: number): Promise<boolean> {
  const path = join(folder, `${name}${KEPT.note}`)
  const text = await readIfExists(path)
  const note = text === null ? null : parseNote(text)
  if (note !== null && note.bytes >= size) return true
  await rm(path, { force: true })
  return false
}
