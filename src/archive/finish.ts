import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, truncate } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { type ArchivedBinlog, fileOfScan, formatNote } from '../galera/archived-binlog.ts'
import { BinlogScan } from '../galera/binlog-scan.ts'
import { syncFolder, writeFileAtomic } from '../system/files.ts'
import { KEPT } from './folder.ts'

/**
 * Ends a copy in `…/HISTORY/NODE`: what is behind its last whole transaction goes, the rest is compressed and gets its note, which is written
 * last: interrupted anywhere, it is done again. One without any of the cluster's transactions goes.
 * @returns what was kept
 * @throws OutsideError `bad-binlog`, `file-write`; what the disk says
 */
export async function finishCopy(folder: string, name: string, node: string): Promise<ArchivedBinlog | null> {
  const [part, whole, note] = [KEPT.part, KEPT.whole, KEPT.note].map((kind) => join(folder, `${name}${kind}`)) as [string, string, string]
  const scan = new BinlogScan()
  for await (const chunk of createReadStream(part)) scan.add(chunk as Buffer)
  if (scan.first === null) {
    await rm(part, { force: true })
    return null
  }
  await truncate(part, scan.whole)
  const hash = createHash('sha256')
  const unfinished = `${whole}.new`
  const read = createReadStream(part)
  read.on('data', (chunk) => hash.update(chunk))
  await pipeline(read, createZstdCompress(), createWriteStream(unfinished, { mode: 0o640, flush: true }))
  await rename(unfinished, whole)
  await syncFolder(folder)
  const kept = fileOfScan(scan, { name, node, sha256: hash.digest('hex') })
  await writeFileAtomic(note, formatNote(basename(dirname(folder)), kept), 0o640)
  await rm(part, { force: true })
  return kept
}
