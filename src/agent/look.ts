import { OutsideError } from '../errors.ts'
import type { Op } from '../galera/cycle/effect.ts'
import type { Look } from '../galera/cycle/input.ts'
import { isUp, report } from '../galera/cycle/report.ts'
import type { Handle, State } from '../galera/cycle/state.ts'
import { awaitsState } from '../galera/node-status.ts'
import type { Down, Live } from '../galera/observation.ts'
import type { View } from '../galera/view.ts'
import { readOptions, serverGroups } from '../mariadb/option-files.ts'
import { readGvwstate } from '../mariadb/position.ts'
import { findServer, isRunning } from '../mariadb/server.ts'
import { signsOfWork } from '../mariadb/signs-of-work.ts'
import { causeIn, causesIn, withPlace } from '../mariadb/start-failure.ts'
import { isErrno } from '../system/files.ts'
import { isListenedOn } from '../system/listening.ts'
import { processSession, UnknownProcessError } from '../system/processes.ts'
import { within } from '../system/wait.ts'
import { moment } from './moment.ts'
import type { JoinerProcesses } from './incoming-sst.ts'
import type { Node } from './node.ts'
import { knownTrouble } from './space.ts'

type LookEffect = Pick<Extract<Op, { do: 'look' }>, 'server' | 'joining' | 'within'>

/** What the gear's server shows now. */
export async function lookAtServer(node: Node, effect: LookEffect): Promise<Look> {
  const { session, paths, transfers } = node
  // What is asked of a server that hangs fails now, not when its time is up.
  if (effect.within !== null) await session[Symbol.asyncDispose]()
  const server = await serverOf(node, effect.server)
  if (server === null) await session[Symbol.asyncDispose]()
  const sql = server === null ? NO_SQL : await (effect.within === null ? askServer(node) : within(askServer(node), effect.within).catch(() => BUSY))
  const { status } = sql
  const joiner = effect.joining && status === null && server !== null && server !== 'unknown' ? await transfers.processes(server.pid, () => processesOf(node, server)) : NO_PROCESSES
  return {
    ...sql,
    server,
    gvwstate: status?.primary === true && sql.view !== null && node.state.namedView === sql.view.seqno ? null : await readGvwstate(paths.data).then(({ gvwstate }) => gvwstate, () => null),
    transfer: joiner.script || (status !== null && awaitsState(status)) || transfers.shown(node.synced)?.state === 'running',
    work: joiner.work,
    errors: server === null || status?.connected === false ? await errorsOf(node, server === null, effect.server !== null) : [],
    log: node.serverLog.name,
    refusedBy: transfers.refused(),
  }
}

/** Newer ones say more of a server that has run for long. */
const MOST_ERRORS = 4

/** Of a server that has ended the one cause, which is in the agent's log as well where it ran at the last look; of one that runs the last ones. */
async function errorsOf(node: Node, ended: boolean, ran: boolean): Promise<readonly string[]> {
  const text = await node.serverLog.text()
  const known = await knownTrouble(node, text)
  const errors = known !== null ? [known] : ended ? await causeOf(node, text) : causesIn(text).slice(-MOST_ERRORS)
  if (ended && ran && errors.length > 0) node.log.error({ errors }, 'the last errors of mariadbd, which has ended')
  return errors
}

async function causeOf({ paths, mariadb }: Node, text: string): Promise<readonly string[]> {
  const cause = causeIn(text)
  return cause === null ? [] : [withPlace(cause, await readOptions(paths.config, serverGroups(mariadb.series)))]
}

type Sql = Pick<Look, 'sql' | 'status' | 'view' | 'weight'>

const NO_SQL: Sql = { sql: 'closed', status: null, view: null, weight: null }
const BUSY: Sql = { ...NO_SQL, sql: 'busy' }

async function serverOf(node: Node, known: Handle | null): Promise<Handle | null | 'unknown'> {
  try {
    return known !== null && (await isRunning(known)) ? known : await findServer(node.files)
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error
    node.log.error({ err: error }, 'whether mariadbd runs cannot be seen')
    return 'unknown'
  }
}

async function askServer(node: Node): Promise<Sql> {
  try {
    const told = await node.session.status()
    const status = awaitsState(told) && (await hasLeftGroup(node)) ? { ...told, connected: false } : told
    const view = status.primary && !awaitsState(status) ? await node.session.view(status.nodeUuid, status.clusterWeight) : null
    return { sql: 'answers', status, view, weight: view === null ? null : await weightIn(node, view) }
  } catch (error) {
    return isErrno(error, 'ENOENT') || isErrno(error, 'ECONNREFUSED') ? NO_SQL : BUSY
  }
}

/**
 * A joiner whose IST failed after a full transfer may say for ever that it is connected and receives its state, though its Galera has closed
 * ("node restart required") [ran]. Its group port is closed then; it is open from before SQL answers until that.
 */
async function hasLeftGroup({ config }: Node): Promise<boolean> {
  return !config.providerOptions.includes('gmcast.listen_addr') && !(await isListenedOn(config.listen.group))
}

/** Its votes, once in each view. */
async function weightIn(node: Node, view: View): Promise<number | null> {
  const old = node.state.ledger.view
  const known = old !== null && old.uuid === view.uuid && old.seqno === view.seqno && old.weight === view.weight && old.ownWeight !== null
  return known ? null : node.session.weight()
}

const NO_PROCESSES: JoinerProcesses = { script: false, work: '' }

/** A state transfer's script runs beside mariadbd. What ends it is its own affair. Where /proc does not answer, nothing is concluded. */
async function processesOf({ serverLog }: Node, { pid }: Handle): Promise<JoinerProcesses> {
  try {
    const script = (await processSession(pid)).some(({ command }) => command.some((word) => word.includes('wsrep_sst_')))
    return { script, work: await signsOfWork(pid, serverLog.path) }
  } catch (error) {
    if (!(error instanceof UnknownProcessError)) throw error
    return { script: true, work: '' }
  }
}

/** How long a look waits for the local server where a person waits, milliseconds. */
const LONGEST_LOOK = 1_000

/** How the node is at this moment, for people; the loop learns nothing by it. */
export async function lookNow(node: Node): Promise<{ readonly look: Look; readonly report: Down | Live; readonly synced: boolean }> {
  const { state } = node
  const server = await serverOf(node, state.server)
  const sql = server === null ? NO_SQL : await within(askServer(node), LONGEST_LOOK).catch(() => BUSY)
  const look: Look = { ...sql, server, gvwstate: null, transfer: false, work: '', errors: [], log: node.serverLog.name, refusedBy: null }
  const now = moment()
  const { status } = sql
  const serves = status !== null && !awaitsState(status) && status.connected
  const seen = { ...state, server: server === 'unknown' ? state.server : server, status: serves ? status : null, statusAt: now.now, viewKnown: serves && status.primary && isSameView(sql.view, state), reports: { down: null, live: null } }
  return { look, report: report(seen, now), synced: isUp(seen, now.now) }
}

const isSameView = (view: View | null, { ledger }: State): boolean => view !== null && ledger.view?.uuid === view.uuid && ledger.view.seqno === view.seqno
