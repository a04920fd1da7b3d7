import { access, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeFork, type Fork } from '../galera/fork.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { hasSystemTables, installDatadir } from '../mariadb/datadir.ts'
import { usersSql } from '../mariadb/users.ts'
import { RESCUE_FILE, type Rescue } from '../gear/rescued.ts'
import { makeFolder, setAside, syncFolder, writeFileAtomic } from '../system/files.ts'
import type { Gtid } from '../galera/gtid.ts'
import type { Node } from './node.ts'

/**
 * Moves the whole datadir aside, with a note of what it holds and why. It is never deleted by galeractl.
 * The note is written first: a folder that was moved without one would be a riddle.
 */
export async function rescueDatadir(node: Node, fork: Fork, position: Gtid | null): Promise<void> {
  // An earlier run has moved it.
  if (!(await access(node.paths.data).then(() => true, () => false))) return
  const at = new Date().toISOString()
  const folder = join(node.paths.rescued, `${node.config.name}-${at.replace(/[:.]/g, '')}`)
  const rescue: Rescue = { name: node.config.name, at, position, fork: { ...fork, without: [...fork.without] } }
  await makeFolder(folder, 0o750)
  await writeFileAtomic(join(folder, RESCUE_FILE), `${JSON.stringify(rescue, bigintAsText, 1)}\n`, 0o640)
  await rename(node.paths.data, join(folder, 'data'))
  await syncFolder(folder)
  await syncFolder(dirname(node.paths.data))
  node.log.warn({ folder, position: rescue.position === null ? null : { ...rescue.position, seqno: String(rescue.position.seqno) } }, `${describeFork(fork)}: its datadir was moved aside; see galeractl rescued`)
}

/**
 * An empty datadir with system tables, where there is none: the state comes from a donor. Half of a transfer that did not
 * end makes room, where the server could not start on it: mariabackup leaves no system tables, and mysqldump needs sound
 * ones. It is deleted only where this agent made it empty (`madeEmpty`); else the donor may have refused before anything was replaced.
 * @returns whether the datadir is empty, made by this agent
 */
export async function ensureDatadir(node: Node, { half, madeEmpty }: { readonly half: boolean; readonly madeEmpty: boolean }): Promise<boolean> {
  if (half && (node.config.sstMethod === 'mysqldump' || !(await hasSystemTables(node.paths.data)))) {
    if (madeEmpty) await rm(node.paths.data, { recursive: true, force: true, maxRetries: 3 })
    else node.log.warn({ aside: await setAside(node.paths.data, 'half', new Date()) }, 'the datadir of a state transfer that did not end is moved aside')
  }
  const made = await installDatadir(node.paths.data, node.mariadb, usersSql(node.config), { tell: (progress) => node.log.info(progress) })
  return made || madeEmpty
}
