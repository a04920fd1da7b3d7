import type { SqlError } from '../errors.ts'
import type { Answer, Answered } from '../nodes/link.ts'

/** Calls back outside of any promise, so that what the application throws is its own. */
export function later(answer: Promise<Answer>, done: Answered): void {
  answer.then(
    ({ rows, fields }) => process.nextTick(done, null, rows, fields),
    (error: SqlError) => process.nextTick(done, error),
  )
}
