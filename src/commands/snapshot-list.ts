import Table from 'cli-table3'
import { bigintAsText } from '../galera/schemas.ts'
import { formatGtid } from '../galera/gtid.ts'
import { isOwn } from '../snapshot/own-cluster.ts'
import { describeOthers, listSnapshots, type Stored } from '../snapshot/store.ts'
import { formatBytes, formatSeconds } from '../system/progress.ts'
import type { Context, Given } from './command.ts'
import { ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const { gear, dir } = await snapshotFolder(context, given)
  const { snapshots, unreadable } = await listSnapshots(dir)
  const own = await ownCluster(gear)
  const [ours, others] = [snapshots.filter(({ manifest }) => isOwn(manifest, own)), snapshots.filter(({ manifest }) => !isOwn(manifest, own))]
  if (context.json) {
    context.print(JSON.stringify({ dir, snapshots: snapshots.map(({ id, folder, manifest, verification, damage }) => ({ id, folder, kind: manifest.kind, cluster: manifest.cluster, own: isOwn(manifest, own), node: manifest.node, endedAt: manifest.endedAt, bytes: manifest.bytes, position: manifest.position, gtid: manifest.gtid, encrypted: manifest.encryption !== null, verification, damage })), unreadable }, bigintAsText))
    return 0
  }
  context.print(ours.length === 0 ? `There are no snapshots of this cluster (${own.name}) in ${dir}.` : table(ours))
  if (others.length > 0) context.print(`The folder also holds ${describeOthers(others)}. They are used by ID only, and never pruned from here.`)
  for (const id of unreadable) context.print(`${id}: its manifest cannot be read`)
  return 0
}

function table(snapshots: readonly Stored[]): string {
  const rows = new Table({ head: ['snapshot', 'kind', 'age', 'size', 'position', 'encrypted', 'state'], style: { head: [], border: [] } })
  for (const { id, manifest, verification, damage } of snapshots) {
    const age = formatSeconds(Math.max(0, (Date.now() - Date.parse(manifest.endedAt)) / 1000))
    rows.push([id, manifest.kind, age, formatBytes(manifest.bytes), formatGtid(manifest.position), manifest.encryption?.method ?? 'no', damage ?? verified(verification)])
  }
  return rows.toString()
}

function verified(verification: Stored['verification']): string {
  if (verification === null) return 'not verified'
  return verification.ok ? `${verification.deep ? 'restored and checked' : 'verified'} ${verification.at.slice(0, 16)}Z` : `DAMAGED: ${verification.found}`
}
