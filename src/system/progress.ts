/** How far a long step is. */
export interface Progress {
  readonly step: string
  /** Bytes, and of how many where that is known. */
  readonly done: number | null
  readonly of: number | null
  /** Bytes a second. */
  readonly rate: number | null
  /** Seconds. */
  readonly left: number | null
}

export type Tell = (progress: Progress) => void

/** How often a step tells, milliseconds. */
const INTERVAL = 250

/** A step that tells how many bytes it has done; called as often as one likes. */
export function meter(step: string, of: number | null, tell: Tell): (done: number) => void {
  const started = performance.now()
  let toldAt = -Infinity
  tell({ step, done: 0, of, rate: null, left: null })
  return (done) => {
    const now = performance.now()
    if (now - toldAt < INTERVAL) return
    toldAt = now
    const rate = now - started < INTERVAL ? null : done / ((now - started) / 1000)
    tell({ step, done, of, rate, left: rate === null || rate === 0 || of === null ? null : Math.max(0, of - done) / rate })
  }
}

/** The same, which tells nothing before it is called. */
export function lateMeter(step: string, of: number | null, tell: Tell): (done: number) => void {
  let begun: ((done: number) => void) | null = null
  return (done) => (begun ??= meter(step, of, tell))(done)
}

/** A step that can't tell how far it is. */
export const began = (step: string): Progress => ({ step, done: null, of: null, rate: null, left: null })

/** `1.2 GB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[power]}`
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** One line for people. */
export function describe({ step, done, of, rate, left }: Progress): string {
  if (done === null) return step
  const share = of === null || of === 0 ? '' : ` of ${formatBytes(of)} (${Math.min(100, Math.floor((done / of) * 100))} %)`
  return `${step}: ${formatBytes(done)}${share}${rate === null ? '' : `, ${formatBytes(rate)}/s`}${left === null ? '' : `, ${formatSeconds(left)} left`}`
}
