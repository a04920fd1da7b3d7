import Table from 'cli-table3'
import { UsageError } from '../errors.ts'
import { isOwn } from '../snapshot/own-cluster.ts'
import { planPrune } from '../snapshot/prune.ts'
import { listSnapshots, removeLeftovers, removeSnapshot } from '../snapshot/store.ts'
import { type Context, type Given, text } from './command.ts'
import { ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const policy = { last: count(given, 'keepLast'), daily: count(given, 'keepDaily'), weekly: count(given, 'keepWeekly') }
  if (policy.last + policy.daily + policy.weekly === 0) throw new UsageError('no-policy', 'nothing says what is to be kept', 'Give --keep-last, --keep-daily or --keep-weekly, or several.')
  const { gear, dir } = await snapshotFolder(context, given)
  const dry = given['dryRun'] === true
  const { snapshots, unreadable } = await listSnapshots(dir)
  const own = await ownCluster(gear)
  const fates = planPrune(snapshots.map(({ id, manifest, verification, damage }) => ({ id, own: isOwn(manifest, own), endedAt: manifest.endedAt, good: damage === null && verification?.ok !== false, verified: damage === null && verification?.ok === true })), policy)
  for (const one of snapshots) if (!dry && fates.some(({ id, kept }) => id === one.id && kept === null)) await removeSnapshot(dir, one)
  if (!dry) await removeLeftovers(dir)
  if (context.json) context.print(JSON.stringify({ dryRun: dry, snapshots: fates, unreadable }))
  else {
    const table = new Table({ head: ['snapshot', dry ? 'would be' : 'was', 'because it is'], style: { head: [], border: [] } })
    for (const { id, kept } of fates) table.push([id, kept === null ? 'removed' : 'kept', kept ?? ''])
    context.print(fates.length === 0 ? `There are no snapshots in ${dir}.` : table.toString())
    for (const id of unreadable) context.print(`${id} was left alone: its manifest cannot be read`)
  }
  return 0
}

function count(given: Given, name: string): number {
  const value = text(given, name)
  if (value === undefined) return 0
  if (!/^\d{1,5}$/.test(value)) throw new UsageError('bad-number', `${JSON.stringify(value)} is no number of snapshots to keep`, 'Give a number from 0 to 99999.')
  return Number(value)
}
