import * as z from 'zod'
import { errorShape } from '../system/error-shape.ts'
import { EXIT } from '../errors.ts'

/** Characters: enough for a path and what is wrong with it. */
const LONGEST = 300

const failureSchema = z.object({ failed: z.string().max(LONGEST) })

/** What a peer is told where its request could not be carried out. A bug of ours is none of its business: the log has it. */
export function failureOf(error: unknown): z.infer<typeof failureSchema> {
  const { exitCode, message } = errorShape(error)
  return { failed: exitCode === EXIT.bug ? 'an error of its agent; its log/agent.log tells which' : message.slice(0, LONGEST) }
}

/** The same as it arrives; null where the answer tells nothing of that kind. */
export function failureIn(body: unknown): string | null {
  const failure = failureSchema.safeParse(body)
  return failure.success ? failure.data.failed : null
}
