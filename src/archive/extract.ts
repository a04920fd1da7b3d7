import { createHash } from 'node:crypto'
import { open, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { type BinlogGroup, BinlogScan } from '../galera/binlog-scan.ts'
import { CLUSTER_DOMAIN } from '../galera/server-gtid.ts'
import type { ReplayStep, ReplayTarget } from '../galera/replay-plan.ts'
import { contentOf } from './content.ts'

/** The part of a binary log that a step asks for: the file ends where it ends. */
export interface Extract {
  readonly path: string
  /** Where its first transaction begins, bytes. */
  readonly start: number
  /** The cluster's transactions in it. */
  readonly groups: number
  readonly last: BinlogGroup | null
  /** The transaction before `after`, where this file has it. */
  readonly before: BinlogGroup | null
  /** A transaction of the target's time or later was met: nothing of what follows is wanted. */
  readonly reached: boolean
}

/**
 * Unpacks a step's file to `path` and cuts it off behind the last transaction that is wanted: by the transactions
 * themselves, so the cut is exact whatever program reads it.
 * @throws OutsideError `damaged-archive`; what the disk says
 */
export async function extract(folder: string, { file, after, to }: ReplayStep, target: ReplayTarget, path: string): Promise<Extract> {
  const found: { start: number | null; end: number | null; groups: number; last: BinlogGroup | null; before: BinlogGroup | null; reached: boolean } = { start: null, end: null, groups: 0, last: null, before: null, reached: false }
  const scan = new BinlogScan((group) => {
    if (group.gtid.domain !== CLUSTER_DOMAIN || found.end !== null) return
    if (group.gtid.seqno <= after) {
      found.before = group
      return
    }
    const late = target.kind === 'time' && group.time * 1000 >= target.at.getTime()
    if (late || group.gtid.seqno > to) {
      found.end = group.start
      found.reached = late
      return
    }
    found.start ??= group.start
    found.groups++
    found.last = group
  })
  const hash = createHash('sha256')
  await using output = await open(path, 'w', 0o600)
  try {
    for await (const chunk of await contentOf(folder, file.name)) {
      await output.write(chunk as Buffer)
      hash.update(chunk as Buffer)
      scan.add(chunk as Buffer)
    }
  } catch (cause) {
    throw damagedFile(folder, file.name, (cause as Error).message, cause)
  }
  if (file.sha256 !== null && hash.digest('hex') !== file.sha256) throw damagedFile(folder, file.name, 'its SHA-256 is not that of its note')
  const lastEnd = found.last?.end ?? 0
  await truncate(path, found.groups === 0 ? 0 : (found.end ?? lastEnd))
  return { path, start: found.start ?? 0, groups: found.groups, last: found.last, before: found.before, reached: found.reached }
}

function damagedFile(folder: string, name: string, why: string, cause?: unknown): OutsideError {
  return new OutsideError('damaged-archive', `${join(folder, name)} cannot be read: ${why}`, 'Take it away from the archive with its note and plan again: another node\'s files may have the same transactions.', { cause })
}
