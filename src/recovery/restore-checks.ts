import { RefusedError, UsageError } from '../errors.ts'
import type { Observation } from '../galera/observation.ts'
import type { Head } from '../snapshot/manifest.ts'
import { formatBytes } from '../system/progress.ts'

/** Whether a snapshot may be restored here. Pure; each throws what is to be told. */

/** InnoDB makes its redo log and temporary tablespace anew. */
const ROOM_BESIDE = 256 * 1024 * 1024

export const neededBytes = ({ dataBytes }: Pick<Head, 'dataBytes'>): number => Math.ceil(dataBytes * 1.05) + ROOM_BESIDE

/** `free` bytes where the gear is. @throws UsageError `no-space` */
export function requireSpace(head: Head, free: number, folder: string): void {
  const needed = neededBytes(head)
  if (free < needed) throw new UsageError('no-space', `snapshot ${head.id} needs ${formatBytes(needed)} in ${folder}, ${formatBytes(free)} are free; the datadir of before is kept as well`, 'Make room, or mount a larger disk; nothing was changed.')
}

/** Files fit only a server of the same series. @throws UsageError `other-series` */
export function requireSeries(head: Head, series: string): void {
  const from = head.mariadb.split('.').slice(0, 2).join('.')
  if (head.kind === 'physical' && from !== series) throw new UsageError('other-series', `snapshot ${head.id} holds the files of MariaDB ${head.mariadb}, here is ${series}`, `Restore it on a gear with MariaDB ${from}, or take a logical snapshot (--logical), which newer versions can load.`)
  if (head.kind === 'logical' && compareSeries(from, series) > 0) throw new UsageError('other-series', `snapshot ${head.id} is of MariaDB ${head.mariadb}, which is newer than ${series} here`, `Restore it on a gear with MariaDB ${from} or newer.`)
}

function compareSeries(a: string, b: string): number {
  const [one = [], other = []] = [a, b].map((text) => text.split('.').map(Number))
  return (one[0] ?? 0) - (other[0] ?? 0) || (one[1] ?? 0) - (other[1] ?? 0)
}

export interface Surroundings {
  /** mariadbd of this gear runs. */
  readonly running: boolean
  readonly peers: readonly Observation[]
}

export interface Scope {
  /** The whole cluster is restored, also where it runs. */
  readonly cluster: boolean
  /** Peers that need not be asked: they are gone or off; `all` of the silent ones. */
  readonly without: readonly string[]
}

/**
 * A restore begins a new history, which every node of the cluster then takes: it must be meant so, and everybody must be known to have heard of it or to
 * be away.
 * @throws RefusedError `still-running`, `cluster-runs`, `still-serves`, `peer-silent`
 */
export function requireScope({ running, peers }: Surroundings, { cluster, without }: Scope): void {
  const live = peers.filter((peer) => peer.kind === 'primary' || peer.kind === 'non-primary').map(({ name }) => name).toSorted()
  if (live.length > 0 && !cluster) throw new RefusedError('cluster-runs', `the cluster runs on ${live.join(', ')}: a restore replaces what it holds, on all nodes`, 'If that is what you want, add --cluster: the others are stopped and take the restored state. To look into a snapshot only: galeractl snapshot verify --deep.')
  if (running && !cluster) throw new RefusedError('still-running', 'mariadbd runs on this gear', 'Run galeractl stop first, or add --cluster.')
  const serving = peers.filter((peer) => peer.kind === 'silent' && peer.serving && without.includes(peer.name)).map(({ name }) => name).toSorted()
  if (serving.length > 0) throw new RefusedError('still-serves', `${serving.join(', ')} was given up, but a server runs there whose agent does not answer: it would go on with the old data`, `End mariadbd on ${serving.join(', ')}, or run galeractl start there; then run galeractl restore again.`)
  const silent = peers.filter((peer) => peer.kind === 'silent' && !without.includes(peer.name) && (peer.serving || !without.includes('all'))).map(({ name }) => name).toSorted()
  if (silent.length > 0) throw new RefusedError('peer-silent', `no answer from ${silent.join(', ')}: if it runs cut off, it would go on with the old data`, `Run galeractl start on ${silent.join(', ')}, or give it up with ${silent.map((name) => `--without ${name}`).join(' ')}: when it returns, its data is moved aside and it takes the restored state.`)
}
