import { join } from 'node:path'
import * as z from 'zod'
import { bigintAsText, forkSchema, gtidSchema } from '../galera/schemas.ts'
import { ownPlace } from '../mariadb/own-place.ts'
import type { ServerSettings } from '../mariadb/server-settings.ts'
import { makeFolder, namesIn, readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import type { GearPaths } from './gear.ts'

/** Datadirs that were moved aside, since the cluster went on without them, or nobody knows what they hold. */

const RESCUE_FILE = 'rescue.json'

/** Below the folder of each: the datadir; the my.cnf that opens it. */
export const RESCUED_DATA = 'data'
export const RESCUED_CONFIG = 'my.cnf'

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

/** What must be known of a datadir that goes into this folder, and how it is opened; before it does. */
export async function noteRescue({ config }: GearPaths, settings: ServerSettings, folder: string, rescue: Rescue): Promise<void> {
  await makeFolder(folder, 0o750)
  await writeFileAtomic(join(folder, RESCUED_CONFIG), renderRescuedConfig(config, settings, folder), 0o640)
  await writeFileAtomic(join(folder, RESCUE_FILE), `${JSON.stringify(rescue, bigintAsText, 1)}\n`, 0o640)
}

/** A server of its own on that data, with what the gear's settings say of its form, as its encryption; reached by a socket alone, outside any cluster. */
function renderRescuedConfig(config: string, settings: ServerSettings, folder: string): string {
  const options = ownPlace({ data: join(folder, RESCUED_DATA), files: 'in-data', folder }, settings).map((option) => option.replace(/^--/, '').replace('=', ' = '))
  return ['# Opens the datadir beside this file outside any cluster (galeractl rescued shows how).', `!include ${config}`, '[mariadbd]', ...options, 'read_only = ON', 'innodb_buffer_pool_size = 128M', ''].join('\n')
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
