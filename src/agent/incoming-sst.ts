import { appendFile } from 'node:fs/promises'
import { NEWS, type SstReport } from '../sst/report.ts'
import type { Node } from './node.ts'

/** How often progress goes to the server's log, milliseconds. */
const LOG_INTERVAL = 10_000

/** Keeps a donor's word for the status screen and, since no script runs beside a joiner that takes its state by SQL, writes each new stage, and how far it is from time to time, to the server's log. */
export async function hearOfSst(node: Node, report: SstReport): Promise<void> {
  const now = performance.now()
  const old = node.incomingSst
  const due = old === null || old.report.state !== report.state || old.report.stage !== report.stage || now - old.loggedAt >= LOG_INTERVAL
  node.incomingSst = { report, heardAt: now, loggedAt: due ? now : old.loggedAt }
  if (!due) return
  const level = report.state === 'failed' ? 'ERROR' : 'INFO'
  await appendFile(node.paths.serverLog, `WSREP_SST: [${level}] from ${report.from}: ${report.text.replaceAll(/\p{Cc}/gu, ' ')} (${new Date().toISOString()})\n`).catch((error) => node.log.warn({ err: error }, 'the server\'s log can not be written'))
}

/** What is to be shown of a transfer to this node; one that failed, as long as the node is not up. */
export function shownSst(node: Node): SstReport | null {
  const { incomingSst } = node
  if (incomingSst === null || node.synced || incomingSst.report.state === 'done') return null
  return incomingSst.report.state === 'failed' || performance.now() - incomingSst.heardAt < NEWS ? incomingSst.report : null
}
