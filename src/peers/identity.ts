import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { nameSchema } from '../galera/schemas.ts'

/** Which process of which node speaks. A name may be two gears' by mistake, an incarnation never. */
const identitySchema = z.object({ name: nameSchema, incarnation: z.string().min(1).max(64) })
export type Identity = z.infer<typeof identitySchema>

/** With what an agent, or a command beside it, signs. */
export interface Signer extends Identity {
  /** The cluster's, derived for messages. */
  readonly secret: Buffer
}

export const newIncarnation = (): string => randomBytes(12).toString('base64url')

/** Of a command, which is a process of its own. */
export const signerOf = (secret: Buffer, name: string): Signer => ({ secret, name, incarnation: newIncarnation() })

/**
 * The path of a request with who sends it and who is asked, where that one is known by name. In the query, which every version signs
 * and an agent of an earlier one passes over.
 */
export function addressedPath(path: string, { name, incarnation }: Identity, to: string | null): string {
  const query = new URLSearchParams({ from: name, incarnation, ...(to === null ? {} : { to }) })
  return `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`
}

/** A request for another node, or one that this node sent itself and that somebody brings back. */
export function isMisdirected(query: URLSearchParams, own: Identity): boolean {
  const to = query.get('to')
  return (to !== null && to !== own.name) || query.get('from') === own.name || query.get('incarnation') === own.incarnation
}

/** What is answered, with who answers. Earlier versions pass it over. */
export const answeredBy = (value: object, { name, incarnation }: Identity): object => ({ ...value, answeredBy: { name, incarnation } })

/** Who answered; null where an agent of an earlier version did. */
export function answererOf(body: unknown): Identity | null {
  const { answeredBy: by } = (body ?? {}) as { answeredBy?: unknown }
  const identity = identitySchema.safeParse(by)
  return identity.success ? identity.data : null
}
