import { UsageError } from '../errors.ts'
import type { ReplayTarget } from '../galera/replay-plan.ts'
import { formatServerGtid, parseServerGtid } from '../galera/server-gtid.ts'
import type { UnfinishedRestore } from '../gear/unfinished-restore.ts'
import { parseSince } from '../system/since.ts'

/** What a restore was asked for, as it was given. */
export interface RestoreRequest {
  /** A snapshot's id, or `latest`. */
  readonly id: string | undefined
  /** The folder of snapshots. */
  readonly dir: string
  /** An archive: a file, or `-`. */
  readonly from: string | undefined
  readonly fromCommand: string | undefined
  readonly toTime: string | undefined
  readonly toGtid: string | undefined
  readonly toLatest: boolean
}

/** The same request has the same words. */
export const wordsOf = ({ id, dir, from, fromCommand, toTime, toGtid, toLatest }: RestoreRequest): string => JSON.stringify([id ?? null, id === undefined ? null : dir, from ?? null, fromCommand ?? null, toTime ?? null, toGtid ?? null, toLatest])

/** What the request means: as it did when an earlier run began with it, where that was interrupted. @throws UsageError `one-source`, `two-targets`, `bad-since`, `bad-server-gtid` */
export function meaningOf(request: RestoreRequest, unfinished: UnfinishedRestore | null, now: Date): { readonly id: string | undefined; readonly target: ReplayTarget | null } {
  if ([request.id, request.from, request.fromCommand].filter((one) => one !== undefined).length !== 1) throw new UsageError('one-source', 'what is to be restored?', 'Name a snapshot (or latest), or give --from FILE, or --from-command COMMAND.')
  const same = unfinished !== null && unfinished.done !== 'begun' && unfinished.words === wordsOf(request) && isFresh(unfinished, now)
  if (same) return { id: request.id === undefined ? undefined : unfinished.snapshot, target: parseTarget(unfinished.target) }
  return { id: request.id, target: targetOf(request, now) }
}

/** Milliseconds. */
const LONGEST_PAUSE = 86_400_000

/** What was interrupted longer ago is not what anybody has in mind any more: the same words mean what they say now. */
export const isFresh = ({ startedAt, done }: UnfinishedRestore, now: Date): boolean => done === 'swapping' || now.getTime() - Date.parse(startedAt) < LONGEST_PAUSE

function targetOf({ toTime, toGtid, toLatest }: RestoreRequest, now: Date): ReplayTarget | null {
  if ([toTime !== undefined, toGtid !== undefined, toLatest].filter(Boolean).length > 1) throw new UsageError('two-targets', '--to-time, --to-gtid and --to-latest are given together', 'Give one of them.')
  if (toTime !== undefined) return { kind: 'time', at: parseSince(toTime, now, '--to-time') }
  if (toGtid !== undefined) return { kind: 'gtid', gtid: parseServerGtid(toGtid) }
  return toLatest ? { kind: 'latest' } : null
}

/** For the note of a restore; the other way round `parseTarget`. */
export function formatTarget(target: ReplayTarget | null): string | null {
  if (target === null) return null
  return target.kind === 'latest' ? 'latest' : target.kind === 'gtid' ? `gtid ${formatServerGtid(target.gtid)}` : `time ${target.at.toISOString()}`
}

export function parseTarget(text: string | null): ReplayTarget | null {
  const [kind, value = ''] = text?.split(' ') ?? []
  if (kind === 'latest') return { kind: 'latest' }
  if (kind === 'gtid') return { kind: 'gtid', gtid: parseServerGtid(value) }
  return kind === 'time' ? { kind: 'time', at: new Date(value) } : null
}
