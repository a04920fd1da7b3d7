import { open, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type ArchivedBinlog, fileOfNote, fileOfScan, type Inventory, parseNote } from '../galera/archived-binlog.ts'
import { BinlogScan } from '../galera/binlog-scan.ts'
import { isErrno, namesIn } from '../system/files.ts'
import { historiesIn, KEPT, nodeFolder, nodesIn, requireArchive } from './folder.ts'

const CHUNK_BYTES = 1_048_576

/** Reads an archive; kept, it reads each note once for as long as it stays the same, and of files that still grow only what is new. */
export class ArchiveReader {
  readonly #archive: string
  readonly #notes = new Map<string, { readonly file: ArchivedBinlog; readonly changed: number }>()
  readonly #parts = new Map<string, { scan: BinlogScan; read: number }>()

  constructor(archive: string) {
    this.#archive = archive
  }

  /** Histories (state UUIDs) that something is archived of. @throws OutsideError `no-archive` */
  async histories(): Promise<readonly string[]> {
    await requireArchive(this.#archive)
    return historiesIn(this.#archive)
  }

  /** All nodes' files of one history. @throws OutsideError `no-archive`; what the disk says */
  async inventory(history: string): Promise<Inventory> {
    await requireArchive(this.#archive)
    const files: ArchivedBinlog[] = []
    const seen = new Set<string>()
    for (const node of await nodesIn(this.#archive, history)) {
      const folder = nodeFolder(this.#archive, history, node)
      const names = await namesIn(folder)
      const finished = new Set(names.filter((name) => name.endsWith(KEPT.note)).map((name) => name.slice(0, -KEPT.note.length)))
      for (const name of names) {
        const path = join(folder, name)
        seen.add(path)
        if (name.endsWith(KEPT.note)) files.push(...(await this.#noted(path, node)))
        else if (name.endsWith(KEPT.part) && !finished.has(name.slice(0, -KEPT.part.length))) files.push(...(await this.#growing(path, node)))
      }
    }
    for (const known of [this.#notes, this.#parts]) for (const path of known.keys()) if (!seen.has(path) && path.startsWith(join(this.#archive, history))) known.delete(path)
    return { history, files }
  }

  /** A note that names another file or node than its place does is not of the agent there. */
  async #noted(path: string, node: string): Promise<readonly ArchivedBinlog[]> {
    const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, unlessGone)
    if (changed === null) return []
    const known = this.#notes.get(path)
    if (known?.changed === changed) return [known.file]
    const note = await readFile(path, 'utf8').then(parseNote, unlessGone)
    if (note === null || note.node !== node || note.name !== basename(path, KEPT.note)) return []
    const file = fileOfNote(note)
    this.#notes.set(path, { file, changed })
    return [file]
  }

  /** As far as it can be read: what is damaged behind that covers nothing. */
  async #growing(path: string, node: string): Promise<readonly ArchivedBinlog[]> {
    const name = basename(path, KEPT.part)
    let known = this.#parts.get(path) ?? { scan: new BinlogScan(), read: 0 }
    try {
      await using file = await open(path, 'r')
      // Its end was damaged, and is written anew.
      if ((await file.stat()).size < known.read) known = { scan: new BinlogScan(), read: 0 }
      this.#parts.set(path, known)
      for (;;) {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, known.read)
        if (bytesRead === 0) break
        known.read += bytesRead
        known.scan.add(buffer.subarray(0, bytesRead))
      }
    } catch (error) {
      // It was finished meanwhile.
      if (isErrno(error, 'ENOENT')) return this.#noted(join(path, '..', `${name}${KEPT.note}`), node)
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'bad-binlog') throw error
    }
    return known.scan.first === null ? [] : [fileOfScan(known.scan, { name, node, sha256: null })]
  }
}

function unlessGone(error: unknown): null {
  if (isErrno(error, 'ENOENT')) return null
  throw error
}
