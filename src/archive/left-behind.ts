import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileOfNote, formatNote, parseNote } from '../galera/archived-binlog.ts'
import { BinlogScan } from '../galera/binlog-scan.ts'
import { startOf } from '../galera/coverage.ts'
import { CLUSTER_DOMAIN } from '../galera/server-gtid.ts'
import { isErrno, writeFileAtomic } from '../system/files.ts'
import { archivedName, binlogsIn } from './binlogs.ts'
import { contentOf } from './content.ts'
import { KEPT, nodeFolder } from './folder.ts'

export interface LeftBehind {
  readonly archive: string
  readonly history: string
  readonly node: string
  /** The datadir that was moved aside: its binary logs name the files. */
  readonly datadir: string
  /** Galera's seqno at which the cluster went on without that data. */
  readonly seqno: bigint
}

/**
 * A node that the cluster went on without has archived transactions that are not the cluster's, under GTIDs that the cluster
 * gave to others: notes of its files say from where on they do not count. What can't be told (DDL has no seqno of Galera's)
 * does not count. Done again, it changes nothing.
 * @returns the files that were marked
 * @throws what the disk says
 */
export async function markLeftBehind({ archive, history, node, datadir, seqno }: LeftBehind): Promise<readonly string[]> {
  const folder = nodeFolder(archive, history, node)
  const kept: { readonly path: string; readonly note: NonNullable<ReturnType<typeof parseNote>> }[] = []
  for (const { path } of await binlogsIn(datadir)) {
    await using file = await open(path, 'r')
    const notePath = join(folder, `${await archivedName(file, path).catch(() => null)}${KEPT.note}`)
    const note = await readFile(notePath, 'utf8').then(parseNote, unlessGone)
    if (note !== null) kept.push({ path: notePath, note })
  }
  if (kept.every(({ note }) => note.countsTo !== null)) return []
  let common = kept[0] === undefined ? 0n : startOf(fileOfNote(kept[0].note))
  for (const { note } of kept) {
    const scan = new BinlogScan((group) => {
      if (group.gtid.domain === CLUSTER_DOMAIN && group.seqno !== null && group.seqno <= seqno) common = group.gtid.seqno
    })
    for await (const chunk of await contentOf(folder, note.name)) scan.add(chunk as Buffer)
  }
  const wrong = kept.map(({ path, note }) => ({ path, file: fileOfNote(note) })).filter(({ file }) => file.countsTo === null && file.last !== null && file.last.seqno > common)
  for (const { path, file } of wrong) await writeFileAtomic(path, formatNote(history, { ...file, countsTo: common }), 0o640)
  return wrong.map(({ file }) => file.name)
}

function unlessGone(error: unknown): null {
  if (isErrno(error, 'ENOENT')) return null
  throw error
}
