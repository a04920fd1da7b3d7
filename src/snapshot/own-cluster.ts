import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Manifest } from './manifest.ts'

/** Which snapshots of a folder are a cluster's own: the folder may be shared, and many clusters have the same name. */
export interface OwnCluster {
  readonly name: string
  /** As `clusterMark` makes it of the cluster's secret. */
  readonly mark: string
  /** State UUIDs that the node was a member of, and those that a restore replaced; empty on a new gear. */
  readonly histories: readonly string[]
}

/** The secret stays for the life of a cluster. Slow to compute, since a manifest may lie where anybody reads it: nobody is to guess a secret by it. */
export const clusterMark = async (secret: string): Promise<string> => ((await promisify<string, string, number, Buffer>(scrypt)(secret, 'galeractl/cluster-mark', 8)).toString('hex'))

/** A manifest of an earlier version has no mark: then the history counts; a new gear, which knows none, goes by the name. Pure. */
export function isOwn({ cluster, clusterMark: mark, position }: Pick<Manifest, 'cluster' | 'clusterMark' | 'position'>, own: OwnCluster): boolean {
  if (cluster !== own.name) return false
  if (mark !== null) return mark === own.mark
  return own.histories.length === 0 || own.histories.includes(position.uuid)
}
