import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { holdSnapshot } from '../agent/snapshot-hold.ts'
import { UsageError } from '../errors.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { formatGtid } from '../galera/gtid.ts'
import { configOf } from '../gear/gear.ts'
import type { Destination } from '../recovery/destination.ts'
import { withStoppedGear } from '../recovery/offline.ts'
import { takeLogical, takePhysical } from '../recovery/take.ts'
import type { Key } from '../snapshot/key.ts'
import { ID, newId } from '../snapshot/manifest.ts'
import { formatBytes } from '../system/progress.ts'
import { tellJson, tellPeople } from '../system/screen.ts'
import { giveWay } from '../system/processes.ts'
import { abortOnSignals } from '../system/signals.ts'
import { type Context, type Given, text } from './command.ts'
import { withProgress } from './progress-output.ts'
import { keyOf, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const key = await keyOf(given)
  const compression = { level: whole(given, 'level', 3, 19), threads: whole(given, 'threads', 1, 256) }
  const secrets = secretsOf(given, key)
  const take = given['logical'] === true ? takeLogical : takePhysical
  const lanes = whole(given, 'lanes', Math.min(8, Math.max(2, availableParallelism())), 32)
  const { gear, dir } = await snapshotFolder(context, given)
  const id = text(given, 'name') ?? newId(configOf(gear).name, new Date())
  if (!ID.test(id)) throw new UsageError('bad-name', `--name ${JSON.stringify(id.slice(0, 120))} is no name of a snapshot`, 'Use 1 to 100 of A-Z a-z 0-9 . _ -, beginning with a letter or digit.')
  const destination = destinationOf(given, dir)
  const signal = abortOnSignals()
  await giveWay()
  const taken = await withProgress(context, `Snapshot ${id}`, destination.to === 'stream' ? 'data' : 'results', async (tell) => {
    const common = { id, destination, compression, key, secrets, checksums: given['checksums'] === true, lanes, tell }
    if (given['offline'] === true) return withStoppedGear(gear, tell, signal, (server) => take(gear, { ...common, server, signal }))
    await using hold = await holdSnapshot(gear.paths.agentSocket, given['fromLastWriter'] === true, (line) => tellPeople(`galeractl: ${line}`), signal)
    tell({ step: hold.reason, done: null, of: null, rate: null, left: null })
    return await take(gear, { ...common, server: { socket: gear.paths.socket, position: null }, signal: AbortSignal.any([signal, hold.lost]) })
  })
  const { manifest, stored } = taken
  const print = destination.to === 'stream' ? (context.json ? tellJson : tellPeople) : context.print
  if (context.json) print(JSON.stringify({ snapshot: { ...manifest, secrets: undefined, parts: manifest.parts.length, folder: stored?.folder ?? null } }, bigintAsText))
  else print(`snapshot ${id}: ${formatBytes(manifest.bytes)} at ${formatGtid(manifest.position)}${stored === null ? '' : ` in ${stored.folder}`}${key === null ? '' : ', encrypted'}`)
  return 0
}

function destinationOf(given: Given, dir: string): Destination {
  const [to, command] = [text(given, 'to'), text(given, 'toCommand')]
  if (to !== undefined && command !== undefined) throw new UsageError('two-places', '--to and --to-command are given', 'Give one of them.')
  if (command !== undefined) return { to: 'command', command }
  if (to !== '-') return { to: 'folder', dir: to === undefined ? dir : resolve(to) }
  if (process.stdout.isTTY) throw new UsageError('stdout-is-a-terminal', '--to - would write the archive to the terminal', 'Redirect it: galeractl snapshot create --to - > FILE.')
  return { to: 'stream', output: process.stdout }
}

function whole(given: Given, name: string, fallback: number, most: number): number {
  const value = text(given, name)
  if (value === undefined) return fallback
  if (!/^\d{1,3}$/.test(value) || Number(value) < 1 || Number(value) > most) throw new UsageError(`bad-${name}`, `--${name} ${JSON.stringify(value)} is no number from 1 to ${most}`, `Give a number, such as --${name} ${fallback}.`)
  return Number(value)
}

function secretsOf(given: Given, key: Key | null): 'include' | 'omit' {
  const value = text(given, 'secrets') ?? (key === null ? 'omit' : 'include')
  if (value !== 'include' && value !== 'omit') throw new UsageError('bad-secrets', `--secrets ${JSON.stringify(value)} is neither include nor omit`, 'Give one of them.')
  if (value === 'include' && key === null) throw new UsageError('bad-secrets', 'secrets are included only where the snapshot is encrypted', 'Give --key-file or --key-command, or --secrets omit.')
  return value
}
