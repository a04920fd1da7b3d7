import { access, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFork, type Fork } from '../galera/fork.ts'
import { describeData } from '../galera/observation.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { hasSystemTables, installDatadir } from '../mariadb/datadir.ts'
import { isEmptyDatadir } from '../mariadb/empty-datadir.ts'
import { usersSql } from '../mariadb/users.ts'
import { RESCUE_FILE, type Rescue } from '../gear/rescued.ts'
import { makeFolder, setAside, syncFolder, writeFileAtomic } from '../system/files.ts'
import type { Node } from './node.ts'

/**
 * Moves the whole datadir aside, with a note of what it holds and why. It is never deleted by galeractl.
 * The note is written first: a folder that was moved without one would be a riddle.
 */
export async function rescueDatadir(node: Node, fork: Fork): Promise<void> {
  await moveAside(node, { fork: { ...fork, without: [...fork.without] }, reason: '' }, describeFork(fork))
}

async function moveAside(node: Node, why: Pick<Rescue, 'fork' | 'reason'>, because: string): Promise<void> {
  // An earlier run has moved it.
  if (!(await access(node.paths.data).then(() => true, () => false))) {
    node.datadir = null
    return
  }
  const at = new Date().toISOString()
  const folder = join(node.paths.rescued, `${node.config.name}-${at.replace(/[:.]/g, '')}`)
  const data = node.datadir?.data
  const position = data?.kind === 'position' ? { uuid: data.uuid, seqno: data.seqno } : null
  const rescue: Rescue = { name: node.config.name, at, position, ...why }
  await makeFolder(folder, 0o750)
  await writeFileAtomic(join(folder, RESCUE_FILE), `${JSON.stringify(rescue, bigintAsText, 1)}\n`, 0o640)
  await rename(node.paths.data, join(folder, 'data'))
  await syncFolder(folder)
  await syncFolder(dirname(node.paths.data))
  node.datadir = null
  node.log.warn({ folder, position: rescue.position === null ? null : { ...rescue.position, seqno: String(rescue.position.seqno) } }, `${because}: its datadir was moved aside; see galeractl rescued`)
}

/**
 * An empty datadir with system tables, where there is none: the state comes from a donor. Half of a transfer that did not
 * end makes room, where the server could not start on it: mariabackup leaves no system tables, and mysqldump needs sound
 * ones. It is deleted only where this agent made it empty; else the donor may have refused before anything was replaced. Data of which nobody knows
 * how far it goes, or who made it, is kept aside: the transfer would delete it.
 */
export async function ensureDatadir(node: Node): Promise<void> {
  const half = node.datadir?.data.kind === 'partial'
  if (half && (node.config.sstMethod === 'mysqldump' || !(await hasSystemTables(node.paths.data)))) {
    if (node.madeEmpty) await rm(node.paths.data, { recursive: true, force: true, maxRetries: 3 })
    else node.log.warn({ aside: await setAside(node.paths.data, 'half', new Date()) }, 'the datadir of a state transfer that did not end is moved aside')
  }
  const kept = await unknownData(node)
  if (kept !== null) await moveAside(node, { fork: null, reason: kept }, kept)
  const made = await installDatadir(node.paths.data, node.mariadb, usersSql(node.config), { as: 'marked', tell: (progress) => node.say('launching', progress) })
  if (made) node.madeEmpty = true
}

/** Why what is there may be something that nobody else has; null where that can't be. */
async function unknownData({ datadir, paths }: Node): Promise<string | null> {
  const data = datadir?.data
  if (data?.kind === 'unknown' || data?.kind === 'nil') return describeData(data)
  return data?.kind === 'fresh' && !(await isEmptyDatadir(paths.data)) ? 'setup did not mark this datadir as empty' : null
}
