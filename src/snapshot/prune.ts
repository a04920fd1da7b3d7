/** Which snapshots are kept. Pure. */

export interface Candidate {
  readonly id: string
  /** Of this gear's cluster, as isOwn tells: others are theirs to remove. */
  readonly own: boolean
  /** ISO 8601, UTC. */
  readonly endedAt: string
  /** Nothing is known to be wrong with it. */
  readonly good: boolean
  /** A verification found it good. */
  readonly verified: boolean
}

export interface KeepPolicy {
  readonly last: number
  readonly daily: number
  readonly weekly: number
}

/** Why it is kept; null: it is to be removed. */
export type Fate = { readonly id: string; readonly kept: string | null }

/**
 * The fate of each, in the order given. Invariants: another cluster's is kept; of the own ones the newest good one is kept, so is the newest that was verified;
 * damaged ones count for nothing, and go only where a good one is newer.
 */
export function planPrune(snapshots: readonly Candidate[], policy: KeepPolicy): readonly Fate[] {
  const kept = new Map<string, string>()
  const newest = snapshots.filter(({ own }) => own).toSorted((a, b) => (a.endedAt > b.endedAt ? -1 : a.endedAt < b.endedAt ? 1 : a.id > b.id ? -1 : 1))
  const good = newest.filter((one) => one.good)
  const keep = (some: readonly Candidate[], why: string) => some.forEach(({ id }) => kept.set(id, kept.get(id) ?? why))
  keep(snapshots.filter(({ own }) => !own), "another cluster's")
  keep(good.slice(0, policy.last), 'one of the last')
  keep(newestOfEach(good, (at) => at.slice(0, 10), policy.daily), 'the last of its day')
  keep(newestOfEach(good, isoWeek, policy.weekly), 'the last of its week')
  keep(good.slice(0, 1), 'the newest good one')
  keep(good.filter(({ verified }) => verified).slice(0, 1), 'the newest that was verified')
  const firstGood = good[0]
  keep(newest.filter((one) => !one.good && (firstGood === undefined || one.endedAt >= firstGood.endedAt)), 'damaged, but no good one is newer')
  return snapshots.map(({ id }) => ({ id, kept: kept.get(id) ?? null }))
}

/** `newest`: newest first. */
function newestOfEach(newest: readonly Candidate[], period: (at: string) => string, most: number): readonly Candidate[] {
  const seen = new Map<string, Candidate>()
  for (const one of newest) {
    const name = period(one.endedAt)
    if (!seen.has(name)) seen.set(name, one)
  }
  return [...seen.values()].slice(0, most)
}

/** `2026-W47`: ISO 8601 weeks begin on Monday and belong to the year of their Thursday. */
export function isoWeek(at: string): string {
  const day = new Date(`${at.slice(0, 10)}T00:00:00Z`)
  day.setUTCDate(day.getUTCDate() + 3 - ((day.getUTCDay() + 6) % 7))
  const first = Date.UTC(day.getUTCFullYear(), 0, 1)
  return `${day.getUTCFullYear()}-W${String(Math.floor((day.getTime() - first) / (7 * 86_400_000)) + 1).padStart(2, '0')}`
}
