import { describeProgress, type RowProgress } from '../sst/progress.ts'
import type { Progress } from '../system/progress.ts'

/** Of definitions and rows, as one of bytes where rows are carried. */
export function fromRows(progress: RowProgress): Progress {
  const { stage, tables, tablesDone, bytes, expectedBytes, rate, left } = progress
  if (stage !== 'rows') return { step: describeProgress(progress), done: null, of: null, rate: null, left: null }
  return { step: `rows of ${tablesDone} of ${tables} tables`, done: bytes, of: Math.max(bytes, expectedBytes), rate, left }
}
