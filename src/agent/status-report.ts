import { describeObservation, type Observation } from '../galera/observation.ts'
import type { Look } from '../galera/cycle/input.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import { formatGtid } from '../galera/gtid.ts'
import { within } from '../system/wait.ts'
import { connectionAlarms } from './connections-full.ts'
import { ledgerAlarms, proveLedger } from './ledger-alarm.ts'
import type { ErrorShape, Fault } from '../errors.ts'
import { readReport, type SstReport } from '../sst/report.ts'
import { lookNow } from './look.ts'
import type { Node } from './node.ts'
import { votesAgainst } from './voted-out.ts'

/** How long the status screen waits for the disk of the ledger, milliseconds. */
const LONGEST_PROOF = 1_000

/** One row of the status screen. */
export interface NodeRow {
  readonly name: string
  readonly self: boolean
  readonly state: string
  readonly position: string
  readonly detail: string
}

export interface StatusReport {
  readonly name: string
  readonly cluster: string
  readonly agent: boolean
  readonly phase: string
  readonly message: string
  readonly primary: boolean
  readonly synced: boolean
  readonly uuid: string | null
  readonly clusterSize: number
  readonly flowControlPaused: number
  readonly receiveQueue: number
  readonly nodes: readonly NodeRow[]
  readonly decision: Decision | RunningDecision | null
  readonly failure: ErrorShape | null
  /** State transfers from and to this node, by mysqldump. */
  readonly transfers: readonly SstReport[]
  /** The snapshot that is being taken from here. */
  readonly snapshot: { readonly since: string; readonly reason: string } | null
  /** What is wrong with the cluster that no program may mend. */
  readonly alarms: readonly Fault[]
  /** Votes against this node that are news. */
  readonly votes: readonly (Fault & { readonly at: string })[]
  /** The archive of binary logs; null where there is none. */
  readonly archive: { readonly folder: string; readonly failing: string | null; readonly lagBytes: number; readonly gaps: number } | null
  /** What was counted of events since the agent started. */
  readonly events: { readonly malformed: number; readonly untold: number; readonly commandRuns: number; readonly commandFailures: number; readonly commandEventsDropped: number }
  readonly agentRssBytes: number
}

export async function statusReport(node: Node, agent: boolean): Promise<StatusReport> {
  const [{ look, report, synced: isSynced }, peers] = await Promise.all([lookNow(node), node.ask()])
  const { state, counts } = node
  if (agent && state.server !== null) await within(proveLedger(node), LONGEST_PROOF).catch(() => undefined)
  const { phase, status } = state
  const ended = look.server === null && state.server !== null && phase !== 'stopping'
  const silent = look.server !== null && look.status === null && state.joining?.unjoined !== true && phase !== 'stopping'
  const trouble = !agent ? null : ended ? 'mariadbd ended unexpectedly; it is started again' : silent ? (node.session.trouble ?? 'mariadbd runs but does not answer SQL: it hangs, or is stopped by a debugger') : null
  const message = trouble ?? (agent ? state.message : withoutAgent(look))
  const synced = trouble === null && isSynced
  const own = trouble === null ? { ...row(report, true), detail: message } : { name: node.config.name, self: true, state: ended ? 'ended' : 'no SQL', position: '', detail: message }
  const shown = report.kind === 'down' ? null : look.status
  return {
    name: node.config.name,
    cluster: node.config.clusterName,
    agent,
    phase,
    message,
    primary: trouble === null && report.kind === 'primary',
    synced,
    uuid: status?.stateUuid ?? null,
    clusterSize: shown?.clusterSize ?? 0,
    flowControlPaused: shown?.flowControlPaused ?? 0,
    receiveQueue: shown?.receiveQueue ?? 0,
    nodes: [own, ...peers.map((peer) => row(peer, false))].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    decision: state.decision,
    failure: state.failure,
    transfers: [await readReport(node.paths.sstReport), node.transfers.shown(isSynced)].filter((one) => one !== null),
    snapshot: node.leases.current === null ? null : { since: node.leases.current.since, reason: node.leases.current.reason },
    alarms: [...ledgerAlarms(node), ...connectionAlarms(node), ...state.alarms],
    votes: await votesAgainst(node),
    archive: node.archive.folder === null ? null : { folder: node.archive.folder, failing: node.archive.failing, lagBytes: node.archive.lag, gaps: node.archive.gaps.length },
    events: { malformed: counts.malformed, untold: counts.untold, commandRuns: counts.runs, commandFailures: counts.failures, commandEventsDropped: counts.dropped },
    agentRssBytes: agent ? process.memoryUsage.rss() : 0,
  }
}

/** mariadbd may go on where its agent has died. */
function withoutAgent({ server }: Look): string {
  if (server === 'unknown') return 'whether mariadbd runs cannot be seen'
  return server === null ? 'stopped' : `mariadbd runs without an agent (pid ${server.pid})`
}

function row(o: Observation, self: boolean): NodeRow {
  const detail = describeObservation(o).replace(`${o.name}: `, '')
  if (o.kind === 'silent') return { name: o.name, self, state: o.serving && o.reason === 'refused' ? 'no agent' : 'silent', position: '', detail }
  if (o.kind !== 'down') return { name: o.name, self, state: o.kind === 'primary' ? (o.synced ? 'Synced' : 'Primary, not synced') : 'non-Primary', position: formatGtid(o), detail: '' }
  const position = o.data.kind === 'position' ? formatGtid(o.data) : o.data.kind
  return { name: o.name, self, state: o.launched !== null ? 'starting' : o.intent === 'start' ? 'waiting' : 'stopped', position, detail }
}
