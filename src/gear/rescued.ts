import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { forkSchema, gtidSchema } from '../galera/schemas.ts'
import { isErrno, readIfExists } from '../system/files.ts'

/** Datadirs that were moved aside, since the cluster went on without them. */

export const RESCUE_FILE = 'rescue.json'

const rescueSchema = z.object({
  name: z.string(),
  at: z.string(),
  /** How far its data goes; null where that could not be read. */
  position: gtidSchema.nullable(),
  /** Where the cluster went on without it. */
  fork: forkSchema,
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
  for (const name of (await namesIn(rescued)).toSorted()) {
    const folder = join(rescued, name)
    const rescue = rescueSchema.safeParse(parsed(await readIfExists(join(folder, RESCUE_FILE))))
    if (rescue.success) found.push({ ...rescue.data, folder, beyond: beyond(rescue.data), unknown: isUnknown(rescue.data) })
  }
  return found.toSorted((a, b) => (a.at < b.at ? -1 : 1))
}

const isUnknown = ({ position, fork }: Rescue): boolean => position === null || (fork.into !== null && position.seqno < 0n)

function beyond({ position, fork }: Rescue): Rescued['beyond'] {
  return position === null || position.uuid !== fork.uuid || position.seqno <= fork.seqno ? null : { first: fork.seqno + 1n, last: position.seqno }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return []
    throw cause
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}
