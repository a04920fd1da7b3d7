import type { Gap } from '../galera/coverage.ts'

/** How the archive of binary logs does; zeros where there is none. */
export class ArchiveState {
  /** The folder; null: there is no archive. */
  folder: string | null = null
  /** Why nothing can be archived now. */
  failing: string | null = null
  /** Bytes of binary logs that are not archived, and since when (performance.now) there have been any all the time. */
  lag = 0
  behindSince: number | null = null
  /** Files that were finished since the agent started. */
  finished = 0
  /** What nobody has, of the present history. */
  gaps: readonly Gap[] = []

  begin(folder: string | null): void {
    this.folder = folder
    this.failing = null
    this.gaps = []
    this.measure(0)
  }

  measure(lag: number): void {
    this.lag = lag
    this.behindSince = lag === 0 ? null : (this.behindSince ?? performance.now())
  }

  /** Seconds that the oldest transaction waits to be archived, at most. */
  get behind(): number {
    return this.behindSince === null ? 0 : (performance.now() - this.behindSince) / 1000
  }
}
