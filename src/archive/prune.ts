import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { prunable } from '../galera/prunable.ts'
import { syncFolder } from '../system/files.ts'
import { KEPT, nodeFolder } from './folder.ts'
import { ArchiveReader } from './inventory.ts'

/**
 * Removes whole files from the old end of each history whose transactions are all before `before`, of all nodes.
 * The note goes first: what is left of a file without one is no part of the archive.
 * @returns what was removed, as HISTORY/NODE/NAME
 * @throws OutsideError `no-archive`; what the disk says
 */
export async function pruneArchive(archive: string, before: Date): Promise<readonly string[]> {
  const reader = new ArchiveReader(archive)
  const removed: string[] = []
  for (const history of await reader.histories()) {
    for (const { node, name } of prunable((await reader.inventory(history)).files, before)) {
      const folder = nodeFolder(archive, history, node)
      await rm(join(folder, `${name}${KEPT.note}`), { force: true })
      await syncFolder(folder)
      await rm(join(folder, `${name}${KEPT.whole}`), { force: true })
      removed.push(join(history, node, name))
    }
  }
  return removed
}
