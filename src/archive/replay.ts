import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import type { BinlogGroup } from '../galera/binlog-scan.ts'
import { type ReplayPlan, ReplayRefused } from '../galera/replay-plan.ts'
import { CLUSTER_DOMAIN, formatServerGtid, type ServerGtid } from '../galera/server-gtid.ts'
import { ownSettings } from '../mariadb/own-session.ts'
import { run } from '../system/processes.ts'
import { AppliedLines } from './applied.ts'
import { type Extract, extract } from './extract.ts'
import { nodeFolder } from './folder.ts'
import { type Command, type PipeEnd, pipeInto } from './pipe.ts'

export interface ReplayOptions {
  readonly archive: string
  readonly plan: ReplayPlan
  /** Of a server outside any cluster (wsrep off) whose InnoDB is at the plan's beginning, with nothing else writing. */
  readonly socketPath: string
  /** May do everything there; `password` null: the socket is enough. */
  readonly user: string
  readonly password: string | null
  /** A folder with room for one unpacked file; what is made there is removed. */
  readonly temporary: string
  readonly signal: AbortSignal
  readonly tell: (progress: ReplayProgress) => void
}

export interface ReplayProgress {
  readonly file: string
  /** Of the plan's files, from 1. */
  readonly number: number
  readonly of: number
  /** So far. */
  readonly transactions: number
  readonly last: ServerGtid | null
}

export interface Replayed {
  readonly transactions: number
  /** The last transaction; null where there was none to replay. */
  readonly last: { readonly gtid: ServerGtid; readonly time: Date } | null
}

/** One of the two programs failed; what is applied stays applied. */
export class ReplayFailed extends OutsideError {
  /** The last transaction that is there for sure; null: none of the plan's. */
  readonly applied: ServerGtid | null

  constructor(message: string, hint: string, applied: ServerGtid | null) {
    super('replay-failed', message, hint)
    this.applied = applied
  }
}

/** Seconds; nobody else is on that server. */
const LOCK_WAIT = 60

const PREPARE = 'SET GLOBAL max_allowed_packet = 1073741824'

/**
 * Applies a plan's transactions with `mariadb-binlog` and `mariadb`, file by file, each cut exactly where the plan says. The
 * server's own binary log has none of it. Events of other domains (sessions with wsrep_on=OFF) are left out.
 * @throws ReplayFailed; ReplayRefused `before-snapshot`, `archive-gap`; OutsideError `damaged-archive`, `no-program`; the signal's reason
 */
export async function replayBinlogs(options: ReplayOptions): Promise<Replayed> {
  const { archive, plan, signal, tell } = options
  const folder = await mkdtemp(join(options.temporary, 'galeractl-replay-'))
  try {
    const access = join(folder, 'access.cnf')
    await writeFile(access, accessFile(options), { mode: 0o600 })
    const client = { file: 'mariadb', args: [`--defaults-file=${access}`, '--binary-mode', '--batch', '--max-allowed-packet=1G'] }
    if (plan.steps.length > 0) await prepare(client)
    let transactions = 0
    let last: BinlogGroup | null = null
    let reached = false
    for (const [at, step] of plan.steps.entries()) {
      signal.throwIfAborted()
      const part = await extract(nodeFolder(archive, plan.history, step.file.node), step, plan.target, join(folder, step.file.name))
      if (at === 0) requireBehind(plan, part)
      if (part.groups > 0) await apply(part, client, last?.gtid ?? null, signal)
      await rm(part.path, { force: true })
      transactions += part.groups
      last = part.last ?? last
      tell({ file: step.file.name, number: at + 1, of: plan.steps.length, transactions, last: last?.gtid ?? null })
      reached = part.reached
      if (reached) break
    }
    if (plan.gap !== null && !reached) throw new ReplayRefused('archive-gap', `the archive has nothing from ${formatServerGtid(plan.gap.first)} to ${formatServerGtid(plan.gap.last)}, which is before the moment that was asked for; what comes before was replayed`, 'Look for the files of another node, or take a later snapshot.', { gap: plan.gap, reachable: last === null ? null : { gtid: last.gtid, time: timeOf(last) } })
    return { transactions, last: last === null ? null : { gtid: last.gtid, time: timeOf(last) } }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const timeOf = ({ time }: BinlogGroup) => new Date(time * 1000)

/** What the snapshot ends with must be before the moment that is asked for. */
function requireBehind({ target }: ReplayPlan, { before }: Extract): void {
  if (target.kind !== 'time' || before === null || timeOf(before) < target.at) return
  throw new ReplayRefused('before-snapshot', `the snapshot ends with ${formatServerGtid(before.gtid)} of ${timeOf(before).toISOString()}, which is not before ${target.at.toISOString()}`, 'Take an older snapshot, or a later moment.')
}

/** Large rows come in one statement. */
async function prepare(client: Command): Promise<void> {
  const { exitCode, stderr } = await run(client.file, [...client.args, '-e', PREPARE], { timeout: 30_000 })
  if (exitCode !== 0) throw new ReplayFailed(`the server for the replay cannot be used: ${stderr.trim()}`, 'Look whether it runs and answers on its socket.', null)
}

async function apply(part: Extract, client: Command, before: ServerGtid | null, signal: AbortSignal): Promise<void> {
  const reader = { file: 'mariadb-binlog', args: ['--no-defaults', '--disable-log-bin', '--verify-binlog-checksum', `--do-domain-ids=${CLUSTER_DOMAIN}`, `--start-position=${part.start}`, part.path] }
  const lines = new AppliedLines()
  const { from, into } = await pipeInto(reader, client, (chunk) => lines.add(chunk), signal)
  signal.throwIfAborted()
  if (into.ended !== 0) {
    const line = /at line (\d+)/.exec(into.stderr)?.[1]
    const applied = line === undefined ? before : (lines.before(Number(line)) ?? before)
    throw failed('mariadb', into, applied, line !== undefined)
  }
  if (from.ended !== 0) throw failed('mariadb-binlog', from, before, false)
}

function failed(program: string, { ended, stderr }: PipeEnd, applied: ServerGtid | null, exact: boolean): ReplayFailed {
  const far = applied === null ? 'nothing was applied for sure' : `${exact ? 'applied is everything up to' : 'applied is at least everything up to'} ${formatServerGtid(applied)}`
  return new ReplayFailed(`${program} ended with ${ended}: ${stderr.trim().split('\n').at(-1) ?? ''}; ${far}`, ended === 'ENOENT' ? 'Install mariadb-client, which has mariadb and mariadb-binlog.' : 'The copy must be exactly at the snapshot\'s position, and nothing else may have written to it: begin again with a fresh one.', applied)
}

function accessFile({ user, password, socketPath }: ReplayOptions): string {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return ['[client]', `user = ${quote(user)}`, `socket = ${quote(socketPath)}`, ...(password === null ? [] : [`password = ${quote(password)}`]), `init-command = ${quote(ownSettings(LOCK_WAIT))}`, ''].join('\n')
}
