import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { isUuid } from '../galera/gtid.ts'
import { namesIn } from '../system/files.ts'

/** `ARCHIVE/HISTORY/NODE/NAME` with one of these: still written; finished; the finished one's note. */
export const KEPT = { part: '.part', whole: '.zst', note: '.json' } as const

export const nodeFolder = (archive: string, history: string, node: string): string => join(archive, history, node)

/** The archive itself is never made: where a mount is missing, its files would fill another disk. @throws OutsideError `no-archive` */
export async function requireArchive(archive: string): Promise<void> {
  const found = await stat(archive).then((info) => info.isDirectory(), () => false)
  if (!found) throw new OutsideError('no-archive', `there is no folder ${archive}`, 'Make it, or mount what belongs there; the owner of the gear must be able to write to it.')
}

/** Histories of an archive, and the nodes of one. */
export const historiesIn = async (archive: string) => (await namesIn(archive)).filter(isUuid)
export const nodesIn = (archive: string, history: string) => namesIn(join(archive, history))
