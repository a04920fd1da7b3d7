import { appendFile } from 'node:fs/promises'
import { NEWS, type SstReport } from '../sst/report.ts'
import type { Logger } from '../system/log.ts'

/** How often progress goes to the server's log, milliseconds. */
const LOG_INTERVAL = 10_000

/** For so long it stands what the processes of a joining server do, milliseconds: all of the machine are looked at for it. */
const PROCESSES_INTERVAL = 900

/** What is known of a state transfer to this node. */
export class IncomingTransfers {
  #last: { readonly report: SstReport; readonly heardAt: number; readonly loggedAt: number } | null = null
  #processes: { readonly pid: number; readonly at: number; readonly seen: JoinerProcesses } | null = null

  /**
   * Keeps a donor's word for the status screen and, since no script runs beside a joiner that takes its state by SQL, writes each new stage,
   * and how far it is from time to time, to the server's log.
   */
  async hear(report: SstReport, serverLog: string, log: Logger): Promise<void> {
    const now = performance.now()
    const old = this.#last
    const due = old === null || old.report.state !== report.state || old.report.stage !== report.stage || now - old.loggedAt >= LOG_INTERVAL
    this.#last = { report, heardAt: now, loggedAt: due ? now : old.loggedAt }
    if (!due) return
    const level = report.state === 'failed' ? 'ERROR' : 'INFO'
    const line = `WSREP_SST: [${level}] from ${report.from}: ${report.text.replaceAll(/\p{Cc}/gu, ' ')} (${new Date().toISOString()})\n`
    await appendFile(serverLog, line).catch((error) => log.warn({ err: error }, 'the server\'s log cannot be written'))
  }

  /** What is to be shown; one that failed, as long as the node is not up. */
  shown(synced: boolean): SstReport | null {
    const last = this.#last
    if (last === null || synced || last.report.state === 'done') return null
    return last.report.state === 'failed' || performance.now() - last.heardAt < NEWS ? last.report : null
  }

  /** What a donor lately said that it cannot send its state for. */
  refused(): Pick<SstReport, 'from' | 'text'> | null {
    const last = this.#last
    return last?.report.state === 'failed' && performance.now() - last.heardAt < NEWS ? last.report : null
  }

  /** What the processes of a joining server do, as `look` finds out. */
  async processes(pid: number, look: () => Promise<JoinerProcesses>): Promise<JoinerProcesses> {
    const now = performance.now()
    const last = this.#processes
    if (last?.pid === pid && now - last.at < PROCESSES_INTERVAL) return last.seen
    const seen = await look()
    this.#processes = { pid, at: now, seen }
    return seen
  }
}

export interface JoinerProcesses {
  /** A script of a state transfer runs beside mariadbd. */
  readonly script: boolean
  /** Changes with anything that they do. */
  readonly work: string
}
