import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Op } from '../galera/cycle/effect.ts'
import { describeFork } from '../galera/fork.ts'
import { type Data, describeData } from '../galera/observation.ts'
import { hasSystemTables, installDatadir } from '../mariadb/datadir.ts'
import { giveTimeZone } from '../mariadb/default-time-zone.ts'
import { elsewhere } from '../mariadb/elsewhere.ts'
import { isEmptyDatadir, markEmpty } from '../mariadb/empty-datadir.ts'
import { finishPuttingAside, putDatadirAside } from '../mariadb/put-aside.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { usersSql } from '../mariadb/users.ts'
import { noteRescue, RESCUED_DATA, type Rescue } from '../gear/rescued.ts'
import type { Node } from './node.ts'

type MakeRoom = Pick<Extract<Op, { do: 'make-room' }>, 'fork' | 'data' | 'madeEmpty'>

/**
 * Makes the datadir fit for a state transfer. What the cluster went on without is kept aside, and so is data of which nobody knows
 * how far it goes, or who made it: the transfer would delete it. Half of a transfer that did not end makes room, where the server could
 * not start on it: mariabackup leaves no system tables, and mysqldump needs sound ones. It is deleted only where this agent made it
 * empty (`madeEmpty`); else the donor may have refused before anything was replaced.
 * @returns whether the datadir is empty, made by this agent
 */
export async function makeRoom(node: Node, { fork, data, madeEmpty }: MakeRoom): Promise<boolean> {
  const { paths, config, mariadb, log } = node
  await finishPuttingAside(paths.data)
  if (fork !== null) await moveAside(node, data, { fork: { ...fork, without: [...fork.without] }, reason: '' }, describeFork(fork))
  else if (data?.kind === 'partial' && (config.sstMethod === 'mysqldump' || !(await hasSystemTables(paths.data)))) {
    const aside = `${paths.data}.half-${timeOf(new Date().toISOString())}`
    await putDatadirAside(paths.data, await elsewhere(await settingsOf(node), paths.data), aside)
    if (madeEmpty) await rm(aside, { recursive: true, force: true, maxRetries: 3 })
    else log.warn({ aside }, 'the datadir of a state transfer that did not end is moved aside')
  } else {
    const kept = await unknownData(paths.data, data)
    if (kept !== null) await moveAside(node, data, { fork: null, reason: kept }, kept)
  }
  const made = await installDatadir(paths.data, mariadb, usersSql(config), { as: 'gear', config: paths.config, tell: (progress) => log.info(progress) })
  // Its server starts on it as it is; by files it starts on the donor's.
  if (config.sstMethod === 'mysqldump' && (made || (await isEmptyDatadir(paths.data))) && (await giveTimeZone(paths.data, mariadb, paths.config))) await markEmpty(paths.data)
  return made || madeEmpty
}

const timeOf = (at: string) => at.replace(/[:.]/g, '')

const settingsOf = ({ paths, mariadb }: Node) => readServerSettings(mariadb.mariadbd, paths.config)

/**
 * Moves the whole datadir aside, with a note of what it holds and why. It is never deleted by galeractl.
 * The note is written first: a folder that was moved without one would be a riddle.
 */
async function moveAside(node: Node, data: Data | null, why: Pick<Rescue, 'fork' | 'reason'>, because: string): Promise<void> {
  const { paths, config, log } = node
  // An earlier run has moved it.
  if (!(await access(paths.data).then(() => true, () => false))) return
  const at = new Date().toISOString()
  const folder = join(paths.rescued, `${config.name}-${timeOf(at)}`)
  const position = data?.kind === 'position' ? { uuid: data.uuid, seqno: data.seqno } : null
  const rescue: Rescue = { name: config.name, at, position, ...why }
  const settings = await settingsOf(node)
  await noteRescue(paths, settings, folder, rescue)
  await putDatadirAside(paths.data, await elsewhere(settings, paths.data), join(folder, RESCUED_DATA))
  log.warn({ folder, position: position === null ? null : { ...position, seqno: String(position.seqno) } }, `${because}: its datadir was moved aside; see galeractl rescued`)
}

/** Why what is there may be something that nobody else has; null where that can't be. */
async function unknownData(datadir: string, data: Data | null): Promise<string | null> {
  if (data?.kind === 'unknown' || data?.kind === 'nil') return describeData(data)
  return data?.kind === 'fresh' && !(await isEmptyDatadir(datadir)) ? 'setup did not mark this datadir as empty' : null
}
