import type { ArchivedBinlog } from './archived-binlog.ts'
import { startOf } from './coverage.ts'

/**
 * Finished files that hold nothing but transactions before that moment. Only from the old end: one that a kept file begins in
 * or behind which an older transaction is kept stays, so that no gap comes into the middle.
 */
export function prunable(files: readonly ArchivedBinlog[], before: Date): readonly ArchivedBinlog[] {
  const isOld = (file: ArchivedBinlog) => file.finished && file.lastTime !== null && file.lastTime < before
  const firstKept = files.filter((file) => !isOld(file) && file.last !== null).map(startOf).reduce<bigint | null>((least, start) => (least === null || start < least ? start : least), null)
  return files.filter((file) => isOld(file) && file.last !== null && (firstKept === null || file.last.seqno <= firstKept))
}
