import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { namesIn, readIfExists, writeFileAtomic } from '../system/files.ts'

/**
 * Shared environment variables: one file each in the gear's `env/`, its name the variable's, its
 * content the value with one newline, as OpenShift keeps them. Readable by every hook.
 */
export const SHARED = {
  peers: 'GALERACTL_PEERS',
  /** When the list was last replaced, ISO 8601. */
  peersTime: 'GALERACTL_PEERS_TIME',
  /** Nodes that were once listed and are no more: absence is no proof of removal. */
  formerPeers: 'GALERACTL_FORMER_PEERS',
} as const

/** The seed cartridge's lists, `host:port` each, which are read where there is none of ours. */
export const SEED_LISTS = { sql: 'OPENSHIFT_MARIADB_NODE_GEARS', group: 'OPENSHIFT_MARIADB_GALERA_GEARS', sst: 'OPENSHIFT_MARIADB_SST_GEARS' } as const

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** All variables of a folder; files whose names are no variable names are not ours and are left alone. */
export async function readSharedVariables(folder: string): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>()
  for (const name of await namesIn(folder)) {
    const text = NAME.test(name) ? await readIfExists(join(folder, name)) : null
    if (text !== null) variables.set(name, chomp(text))
  }
  return variables
}

export async function writeSharedVariable(folder: string, name: string, value: string): Promise<void> {
  if (!NAME.test(name) || /[\n\0]/.test(value)) throw new UsageError('bad-variable', `${JSON.stringify(name)} cannot hold ${JSON.stringify(value.slice(0, 40))}`, 'A variable is one line.')
  await writeFileAtomic(join(folder, name), `${value}\n`, 0o640)
}

const chomp = (text: string) => text.replace(/\r?\n$/, '')
