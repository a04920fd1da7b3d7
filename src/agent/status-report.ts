import { describeObservation, type Observation } from '../galera/observation.ts'
import type { Decision, RunningDecision } from '../galera/decision.ts'
import { formatGtid } from '../galera/gtid.ts'
import { askPeers } from '../peers/ask.ts'
import { ledgerAlarms, proveLedger } from './ledger-alarm.ts'
import type { ErrorShape, Fault } from '../errors.ts'
import { isRunning } from '../mariadb/server.ts'
import { within } from '../system/wait.ts'
import { readReport, type SstReport } from '../sst/report.ts'
import { shownSst } from './incoming-sst.ts'
import { poll } from './membership.ts'
import type { Node } from './node.ts'
import { report } from './report.ts'

/** How long the status screen waits for the local server, milliseconds. */
const LONGEST_POLL = 1_000

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
  /** The archive of binary logs; null where there is none. */
  readonly archive: { readonly folder: string; readonly failing: string | null; readonly lagBytes: number; readonly gaps: number } | null
  /** What was counted of events since the agent started. */
  readonly events: { readonly malformed: number; readonly untold: number; readonly commandRuns: number; readonly commandFailures: number; readonly commandEventsDropped: number }
  readonly agentRssBytes: number
}

export async function statusReport(node: Node, agent: boolean): Promise<StatusReport> {
  const ended = node.server !== null && node.phase !== 'stopping' && !(await isRunning(node.server))
  const answers = node.server === null || (!ended && (await within(poll(node), LONGEST_POLL).then(() => true, () => false)))
  if (agent && node.server !== null) await within(proveLedger(node), LONGEST_POLL).catch(() => undefined)
  const peers = await askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout })
  const { phase } = node
  const trouble = ended ? 'mariadbd ended unexpectedly; it is started again' : phase === 'stopping' ? null : silenceOf(node, answers)
  const message = trouble ?? node.message
  const synced = trouble === null && answers && node.synced
  const own = trouble === null ? { ...row(report(node), true), detail: message } : { name: node.config.name, self: true, state: ended ? 'ended' : 'no SQL', position: '', detail: message }
  return {
    name: node.config.name,
    cluster: node.config.clusterName,
    agent,
    phase,
    message,
    primary: answers && trouble === null && (node.status?.primary ?? false),
    synced,
    uuid: node.status?.stateUuid ?? null,
    clusterSize: node.status?.clusterSize ?? 0,
    flowControlPaused: node.status?.flowControlPaused ?? 0,
    receiveQueue: node.status?.receiveQueue ?? 0,
    nodes: [own, ...peers.map((peer) => row(peer, false))].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    decision: node.decision,
    failure: node.failure,
    transfers: [await readReport(node.paths.sstReport), shownSst(node)].filter((one) => one !== null),
    snapshot: node.snapshot === null ? null : { since: node.snapshot.since, reason: node.snapshot.reason },
    alarms: [...ledgerAlarms(node), ...node.alarms],
    archive: node.archive.folder === null ? null : { folder: node.archive.folder, failing: node.archive.failing, lagBytes: node.archive.lag, gaps: node.archive.gaps.length },
    events: { malformed: node.counts.malformed, untold: node.counts.untold, commandRuns: node.counts.runs, commandFailures: node.counts.failures, commandEventsDropped: node.counts.dropped },
    agentRssBytes: agent ? process.memoryUsage.rss() : 0,
  }
}

/** Why a server that was up does not tell its status. `answers`: in time, if only with a refusal. */
function silenceOf({ server, status, launched, session }: Node, answers: boolean): string | null {
  if (!answers) return session.trouble ?? 'mariadbd runs but does not answer SQL: it hangs, or is stopped by a debugger'
  return server === null || status !== null || launched !== null ? null : session.trouble
}

function row(o: Observation, self: boolean): NodeRow {
  const detail = describeObservation(o).replace(`${o.name}: `, '')
  if (o.kind === 'silent') return { name: o.name, self, state: o.serving ? 'no agent' : 'silent', position: '', detail }
  if (o.kind !== 'down') return { name: o.name, self, state: o.kind === 'primary' ? (o.synced ? 'Synced' : 'Primary, not synced') : 'non-Primary', position: formatGtid(o), detail: '' }
  const position = o.data.kind === 'position' ? formatGtid(o.data) : o.data.kind
  return { name: o.name, self, state: o.launched !== null ? 'starting' : o.intent === 'start' ? 'waiting' : 'stopped', position, detail }
}
