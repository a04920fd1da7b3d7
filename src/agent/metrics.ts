import type { Node } from './node.ts'

interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** Of the label `status`, where there is one. */
  readonly values: (node: Node) => number | ReadonlyMap<string, number>
}

const yes = (value: boolean | undefined) => (value === true ? 1 : 0)
const metric = (name: string, type: Metric['type'], help: string, values: Metric['values']): Metric => ({ name: `galeractl_${name}`, type, help, values })

/** Every metric of an agent: of events since it started, and of its server as it was last seen (0 where it does not answer). */
export const METRICS: readonly Metric[] = [
  metric('events_total', 'counter', 'Events that mariadbd told, by status.', (node) => node.counts.byStatus),
  metric('events_untold_total', 'counter', 'Views that mariadbd did not tell of and that were read from its tables.', (node) => node.counts.untold),
  metric('notify_malformed_total', 'counter', 'Malformed notify records.', (node) => node.counts.malformed),
  metric('notify_spool_lag_bytes', 'gauge', 'Bytes in the notify spool that were not taken yet.', (node) => node.counts.spoolLag),
  metric('notify_command_runs_total', 'counter', 'Runs of commands in notify.d.', (node) => node.counts.runs),
  metric('notify_command_failures_total', 'counter', 'Runs of commands in notify.d that failed or were ended.', (node) => node.counts.failures),
  metric('notify_command_timeouts_total', 'counter', 'Runs of commands in notify.d whose time was up.', (node) => node.counts.timeouts),
  metric('notify_command_seconds_total', 'counter', 'Time that the commands in notify.d took.', (node) => node.counts.runTime / 1000),
  metric('notify_command_events_dropped_total', 'counter', 'Events that were dropped for notify.d because too many waited.', (node) => node.counts.dropped),
  metric('notify_command_events_waiting', 'gauge', 'Events that wait for the commands in notify.d.', (node) => node.counts.queued),
  metric('mariadbd_up', 'gauge', 'mariadbd runs.', (node) => yes(node.state.server !== null)),
  metric('mariadbd_crashes_total', 'counter', 'How often mariadbd ended unexpectedly and was started again.', (node) => node.counts.crashes),
  metric('primary', 'gauge', 'The node is in a primary component.', ({ state: { status } }) => yes(status?.primary)),
  metric('ready', 'gauge', 'wsrep_ready.', ({ state: { status } }) => yes(status?.ready)),
  metric('synced', 'gauge', 'Synced in a primary component, as /health/ready tells.', ({ synced }) => yes(synced)),
  metric('view_size', 'gauge', 'Members of the view that was last told.', ({ counts }) => counts.toldView().members?.length ?? 0),
  metric('view_index', 'gauge', 'Own index in the view that was last told; -1 in no view.', ({ counts }) => counts.toldView().index ?? -1),
  metric('wsrep_cluster_size', 'gauge', 'wsrep_cluster_size.', ({ state: { status } }) => status?.clusterSize ?? 0),
  metric('wsrep_local_state', 'gauge', 'wsrep_local_state: 1 Joining, 2 Donor/Desynced, 3 Joined, 4 Synced.', ({ state: { status } }) => status?.localState ?? 0),
  metric('wsrep_last_committed', 'gauge', 'wsrep_last_committed.', ({ state: { status } }) => Number(status?.lastCommitted ?? 0n)),
  metric('wsrep_flow_control_paused_ratio', 'gauge', 'wsrep_flow_control_paused.', ({ state: { status } }) => status?.flowControlPaused ?? 0),
  metric('wsrep_local_recv_queue', 'gauge', 'wsrep_local_recv_queue.', ({ state: { status } }) => status?.receiveQueue ?? 0),
  metric('archive_lag_bytes', 'gauge', 'Bytes of binary logs that are not archived.', (node) => node.archive.lag),
  metric('archive_lag_seconds', 'gauge', 'How long there have been binary logs that are not archived.', (node) => node.archive.behind),
  metric('archive_failing', 'gauge', 'Binary logs can not be archived now.', (node) => yes(node.archive.failing !== null)),
  metric('archive_files_total', 'counter', 'Binary logs that were archived whole.', (node) => node.archive.finished),
  metric('archive_gaps', 'gauge', 'Gaps in the archive of the present history that no node fills.', (node) => node.archive.gaps.length),
  metric('agent_resident_memory_bytes', 'gauge', 'Resident memory of the agent.', () => process.memoryUsage.rss()),
]

/** What renderMetrics gives, by its name on the web. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus text format. The library is loaded with the first question: an agent that nobody asks is spared its memory. */
export async function renderMetrics(node: Node): Promise<string> {
  const { Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  for (const { name, help, type, values } of METRICS) {
    const value = values(node)
    const labelNames = typeof value === 'number' ? [] : ['status']
    const one = type === 'counter' ? new Counter({ name, help, labelNames, registers: [registry] }) : new Gauge({ name, help, labelNames, registers: [registry] })
    if (typeof value === 'number') one.inc(value)
    else for (const [status, count] of value) one.inc({ status }, count)
  }
  return registry.metrics()
}
