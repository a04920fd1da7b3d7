import { join } from 'node:path'
import * as z from 'zod'
import { forkSchema, gtidSchema } from '../galera/schemas.ts'
import { namesIn, readIfExists } from '../system/files.ts'
import { parseAs } from '../system/json.ts'

/** Datadirs that were moved aside, since the cluster went on without them, or nobody knows what they hold. */

export const RESCUE_FILE = 'rescue.json'

const rescueSchema = z.object({
  name: z.string(),
  at: z.string(),
  /** How far its data goes; null where that could not be read. */
  position: gtidSchema.nullable(),
  /** Where the cluster went on without it; null: it did not, as far as is known. */
  fork: forkSchema.nullable(),
  /** Why it was moved, where that was no fork. */
  reason: z.string().default(''),
})

export type Rescue = z.infer<typeof rescueSchema>

export interface Rescued extends Rescue {
  readonly folder: string
  /** The first and last seqno that only this datadir may hold; null where it is not beyond the fork. */
  readonly beyond: { readonly first: bigint; readonly last: bigint } | null
  /** How far it goes beyond that is not known: it may hold anything. */
  readonly unknown: boolean
}

/** All of a gear, oldest first; a folder without a sane note is left out. */
export async function listRescued(rescued: string): Promise<readonly Rescued[]> {
  const found: Rescued[] = []
  for (const name of await namesIn(rescued)) {
    const folder = join(rescued, name)
    const rescue = parseAs(rescueSchema, await readIfExists(join(folder, RESCUE_FILE)))
    if (rescue !== null) found.push({ ...rescue, folder, beyond: beyond(rescue), unknown: isUnknown(rescue) })
  }
  return found.toSorted((a, b) => (a.at < b.at ? -1 : 1))
}

const isUnknown = ({ position, fork }: Rescue): boolean => position === null || fork === null || (fork.into !== null && position.seqno < 0n)

function beyond({ position, fork }: Rescue): Rescued['beyond'] {
  return position === null || fork === null || position.uuid !== fork.uuid || position.seqno <= fork.seqno ? null : { first: fork.seqno + 1n, last: position.seqno }
}
