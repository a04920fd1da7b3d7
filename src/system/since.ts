import { UsageError } from '../errors.ts'

/** Milliseconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment as a length of time before `now` (`90s`, `15m`, `2h`, `7d`) or as ISO 8601. @throws UsageError `bad-since` */
export function parseSince(text: string, now: Date, option = '--since'): Date {
  const [, amount, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const moment = amount === undefined ? isoTime(text) : new Date(now.getTime() - Number(amount) * (UNITS[unit] ?? 0))
  if (moment === null || Number.isNaN(moment.getTime())) throw new UsageError('bad-since', `${option} ${JSON.stringify(text.slice(0, 80))} is no time`, 'Give a length of time such as 90s, 15m, 2h or 7d, or a moment such as 2026-01-31T18:30:00Z.')
  return moment
}

const isoTime = (text: string): Date | null => (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text) ? new Date(text) : null)
