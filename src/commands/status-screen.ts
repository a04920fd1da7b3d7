import Table from 'cli-table3'
import type { StatusReport } from '../agent/status-report.ts'

/** While it does this, the last decision is news. */
const DECIDING: ReadonlySet<string> = new Set(['asking peers', 'waiting', 'fencing', 'launching', 'joining'])

/** One screen that a tired person understands. */
export function renderStatus(report: StatusReport): string {
  const table = new Table({ head: ['node', 'state', 'position', 'doing'], style: { head: [], border: [] }, wordWrap: true, colWidths: [16, 12, 46, 40] })
  for (const node of report.nodes) table.push([`${node.name}${node.self ? ' (here)' : ''}`, node.state, node.position.replace(':', ': '), node.detail])
  return [headline(report), '', table.toString(), ...details(report)].join('\n')
}

function headline(report: StatusReport): string {
  const cluster = `Cluster ${report.cluster}, node ${report.name}`
  if (!report.agent) return `${cluster}: the agent is not running, ${report.message}. Start it with galeractl start.`
  if (report.synced) return `${cluster}: OK, Synced in a primary component of ${report.clusterSize}.`
  return `${cluster}: NOT READY, ${report.message}`
}

function details(report: StatusReport): readonly string[] {
  const lines = report.alarms.flatMap((alarm) => [`ALARM: ${alarm.message}`, `  → ${alarm.hint}`])
  for (const { at, message, hint } of report.votes) lines.push(`At ${at} ${message}.`, `  → ${hint}`)
  if (report.synced) lines.push(`Flow control: paused ${(report.flowControlPaused * 100).toFixed(1)} % of the time; ${report.receiveQueue} write-sets wait to be applied.`)
  for (const { from, to, state, text } of report.transfers) lines.push(`State transfer from ${from} to ${to}${state === 'failed' ? ' failed' : ''}: ${text}`)
  if (report.snapshot !== null) lines.push(`Snapshot running since ${report.snapshot.since}: ${report.snapshot.reason}.`)
  lines.push(...archiveLines(report.archive), ...eventLines(report.events))
  if (report.failure !== null) lines.push(`Failed: ${report.failure.message}`, `  → ${report.failure.hint}`)
  if (report.decision !== null && DECIDING.has(report.phase)) {
    lines.push(`Decision: ${report.decision.do} (rule ${report.decision.rule}): ${report.decision.reason}`)
    if ('hint' in report.decision) lines.push(`  → ${report.decision.hint}`)
  }
  return lines
}

function archiveLines(archive: StatusReport['archive']): readonly string[] {
  if (archive === null) return []
  const { folder, failing, lagBytes, gaps } = archive
  return [
    ...(failing === null ? [] : [`Archive: binary logs cannot be archived, ${lagBytes} bytes wait in the datadir: ${failing}`]),
    ...(gaps === 0 ? [] : [`Archive: ${gaps === 1 ? 'a gap' : `${gaps} gaps`} in ${folder}; see galeractl archive.`]),
  ]
}

function eventLines({ malformed, untold, commandRuns, commandFailures, commandEventsDropped }: StatusReport['events']): readonly string[] {
  const lines: string[] = []
  if (malformed > 0) lines.push(`Events: ${malformed} malformed ${malformed === 1 ? 'record' : 'records'} in the notify spool since the agent started; see galeractl events.`)
  if (untold > 0) lines.push(`Events: mariadbd did not tell of ${untold} ${untold === 1 ? 'view' : 'views'}; its log says why.`)
  if (commandFailures > 0) lines.push(`notify.d: ${commandFailures} of ${commandRuns} runs failed; see the agent's log.`)
  if (commandEventsDropped > 0) lines.push(`notify.d: ${commandEventsDropped} events were dropped, for the commands are too slow.`)
  return lines
}
