import { RefusedError } from '../errors.ts'
import type { ArchivedBinlog, Inventory } from './archived-binlog.ts'
import { type Gap, gapBetween, type Span, spansOf, startOf } from './coverage.ts'
import { CLUSTER_DOMAIN, clusterSeqno, formatServerGtid, parseServerGtids, type ServerGtid } from './server-gtid.ts'

/**
 * Up to where: `time` is everything before the first transaction of that second or a later one (binary logs have whole seconds,
 * and the time of a transaction is when its last statement began); `gtid` is up to and including it.
 */
export type ReplayTarget = { readonly kind: 'time'; readonly at: Date } | { readonly kind: 'gtid'; readonly gtid: ServerGtid } | { readonly kind: 'latest' }

/** For people. */
export function describeTarget(target: ReplayTarget): string {
  if (target.kind === 'latest') return 'as far as it goes'
  return target.kind === 'gtid' ? `up to and including ${formatServerGtid(target.gtid)}` : `up to before ${target.at.toISOString()}`
}

/** The cluster's transactions of one file, those behind seqno `after`, up to `to`. */
export interface ReplayStep {
  readonly file: ArchivedBinlog
  readonly after: bigint
  readonly to: bigint
}

export interface ReplayPlan {
  readonly history: string
  /** Seqno of the snapshot. */
  readonly from: bigint
  readonly target: ReplayTarget
  /** In order; empty where the snapshot is at the target already. */
  readonly steps: readonly ReplayStep[]
  /** Behind the last step, where only reading that shows whether the target comes before it. */
  readonly gap: Gap | null
}

/** The last point that can be reached. */
export interface Reachable {
  readonly gtid: ServerGtid
  readonly time: Date | null
}

/** What is asked for can't be had from this archive. */
export class ReplayRefused extends RefusedError {
  readonly gap: Gap | null
  readonly reachable: Reachable | null

  constructor(code: 'archive-gap' | 'before-snapshot' | 'beyond-archive', message: string, hint: string, { gap = null, reachable = null }: { readonly gap?: Gap | null; readonly reachable?: Reachable | null } = {}) {
    super(code, message, hint)
    this.gap = gap
    this.reachable = reachable
  }
}

/**
 * Which files to replay on a snapshot at `from` (text as gtid_binlog_pos or as `--wsrep-recover` tells it).
 * One node's files are kept to for as long as they go without a break; those of others take over where they end.
 * @throws ReplayRefused `archive-gap`, `before-snapshot`, `beyond-archive`; UsageError `bad-server-gtid`
 */
export function planReplay({ history, files }: Inventory, from: string, target: ReplayTarget): ReplayPlan {
  const start = clusterSeqno(parseServerGtids(from))
  const goal = target.kind === 'gtid' ? target.gtid : null
  if (goal !== null && goal.domain !== CLUSTER_DOMAIN) throw new ReplayRefused('beyond-archive', `${formatServerGtid(goal)} is not of the cluster's domain ${CLUSTER_DOMAIN}`, 'Name a GTID that the cluster replicated.')
  if (goal !== null && goal.seqno < start) throw new ReplayRefused('before-snapshot', `${formatServerGtid(goal)} is before the snapshot at ${from}`, 'Take an older snapshot.')
  const spans = spansOf(files)
  const steps: ReplayStep[] = []
  let last: Span | null = null
  let gap: Gap | null = null
  let at = start
  while (true) {
    if (goal !== null && at >= goal.seqno) break
    const next = bestSpan(spans, at, last?.file.node ?? null)
    if (next === null) {
      const behind = spans.find(({ after }) => after > at)
      if (last !== null && isReached(steps, target)) {
        gap = behind === undefined ? null : gapBetween(last, behind)
        break
      }
      if (behind !== undefined) throw gapRefusal(start, last, behind)
      if (target.kind === 'latest') break
      throw beyond(start, last, target)
    }
    const to = goal === null || next.to < goal.seqno ? next.to : goal.seqno
    if (steps.length === 0 && isTooEarly(next, at, target)) throw new ReplayRefused('before-snapshot', `the snapshot at ${from || 'the beginning'} has transactions of ${next.file.firstTime?.toISOString()} and later already`, 'Take an older snapshot, or a later moment.')
    steps.push({ file: next.file, after: at, to })
    last = next
    at = to
    // Of the first file, the transaction of that time may be in the snapshot.
    if (steps.length > 1 && isReached(steps.slice(-1), target)) break
  }
  return { history, from: start, target, steps, gap }
}

/** The same node's where it goes on, else of the node that leads furthest without a change. */
function bestSpan(spans: readonly Span[], at: bigint, node: string | null): Span | null {
  const here = spans.filter(({ after, to }) => after <= at && at < to)
  const same = here.filter(({ file }) => file.node === node)
  if (same.length > 0) return same.toSorted(byLength)[0] ?? null
  const reach = new Map([...new Set(here.map(({ file }) => file.node))].map((one) => [one, reachOf(spans.filter(({ file }) => file.node === one), at)]))
  return here.toSorted((a, b) => compare(reach.get(b.file.node) ?? 0n, reach.get(a.file.node) ?? 0n) || byLength(a, b))[0] ?? null
}

/** How far one node's spans, in their order, lead from here without a break. */
const reachOf = (spans: readonly Span[], at: bigint) => spans.reduce((end, { after, to }) => (after <= end && to > end ? to : end), at)

const byLength = (a: Span, b: Span) => compare(b.to, a.to) || (a.file.node < b.file.node ? -1 : 1)

const isReached = (steps: readonly ReplayStep[], target: ReplayTarget) => target.kind === 'time' && steps.some(({ file }) => file.lastTime !== null && file.lastTime >= target.at)

/** Even the earliest transaction of a file of which the snapshot has some is too late. */
const isTooEarly = ({ file }: Span, at: bigint, target: ReplayTarget) => target.kind === 'time' && at > startOf(file) && file.firstTime !== null && file.firstTime >= target.at

function reachable(start: bigint, last: Span | null): Reachable {
  const gtid = { domain: CLUSTER_DOMAIN, server: last?.file.last?.server ?? 0, seqno: last?.to ?? start }
  return { gtid, time: last !== null && last.to === last.file.last?.seqno ? last.file.lastTime : null }
}

function gapRefusal(start: bigint, last: Span | null, behind: Span): ReplayRefused {
  const end = reachable(start, last)
  const before = last ?? { file: { ...behind.file, last: end.gtid, lastTime: null }, after: start, to: start }
  const gap = gapBetween(before, behind)
  const when = (time: Date | null) => (time === null ? '' : ` (${time.toISOString()})`)
  return new ReplayRefused('archive-gap', `the archive has nothing from ${formatServerGtid(gap.first)} to ${formatServerGtid(gap.last)}, after ${formatServerGtid(end.gtid)}${when(gap.from)} and before${when(gap.to) || ' what follows'}`, `The last point that can be reached from this snapshot is ${formatServerGtid(end.gtid)}; look for the files of another node, or take a later snapshot.`, { gap, reachable: end })
}

function beyond(start: bigint, last: Span | null, target: ReplayTarget): ReplayRefused {
  const end = reachable(start, last)
  const asked = target.kind === 'gtid' ? formatServerGtid(target.gtid) : target.kind === 'time' ? target.at.toISOString() : 'the latest'
  return new ReplayRefused('beyond-archive', `the archive ends at ${formatServerGtid(end.gtid)}${end.time === null ? '' : ` (${end.time.toISOString()})`}, before ${asked}`, 'Go to the latest point instead (--to-latest).', { reachable: end })
}

const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
