import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import manifestOfPackage from '../../package.json' with { type: 'json' }
import { askAgent } from '../agent/control-client.ts'
import { BACKUP_USER } from '../config/secrets.ts'
import { OutsideError } from '../errors.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { eventFates, type NodeEvents } from '../galera/cluster-events.ts'
import type { Gtid } from '../galera/gtid.ts'
import { bytesApart } from '../mariadb/bytes-apart.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { Session } from '../mariadb/session.ts'
import { agentPassword, backupPassword } from '../mariadb/users.ts'
import { backupStage, type BackupReport, dataBytes, requireComplete } from '../snapshot/backup.ts'
import { type Compression, encode, encryptionOf } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import { checksumTables, type TableSums } from '../snapshot/logical/checksums.ts'
import { dumpLogical } from '../snapshot/logical/dump.ts'
import { type Head, type Manifest, MOST_EVENTS, type Part } from '../snapshot/manifest.ts'
import { clusterMark } from '../snapshot/own-cluster.ts'
import { writeParts } from '../snapshot/parts.ts'
import type { Stored } from '../snapshot/store.ts'
import { began, meter, type Tell } from '../system/progress.ts'
import { type Destination, openDestination, type OpenDestination } from './destination.ts'
import { fromRows } from './row-progress.ts'
import { settingsFor } from './settings-part.ts'

/** How a snapshot is taken. */
export interface TakeOptions {
  readonly id: string
  readonly destination: Destination
  readonly compression: Compression
  readonly key: Key | null
  readonly secrets: 'include' | 'omit'
  /** The server that is read. */
  readonly server: { readonly socket: string; /** Where it tells none, as one outside a cluster. */ readonly position: Gtid | null }
  /** Records a checksum of each table, which reads all rows once more. */
  readonly checksums: boolean
  /** Sessions that read rows, for a logical one. */
  readonly lanes: number
  readonly tell: Tell
  readonly signal: AbortSignal
}

export interface Taken {
  readonly manifest: Manifest
  /** Null where it went elsewhere than to a folder. */
  readonly stored: Stored | null
}

/**
 * A physical snapshot of a server that runs: mariadb-backup's stream through zstd and, with a key, encryption, cut into parts. The manifest is written
 * last; whatever fails before leaves nothing that would be listed.
 */
export async function takePhysical(gear: Gear, options: TakeOptions): Promise<Taken> {
  const { paths } = gear
  const { tell, signal, key, compression } = options
  tell(began('preparing'))
  const head = await headOf(gear, options, 'physical')
  const of = head.dataBytes
  await using destination = await openDestination(options.destination, head, signal)
  const temporary = await mkdtemp(join(paths.run, 'snapshot-'))
  const ending = new AbortController()
  let summing: Promise<TableSums | Error> | null = null
  try {
    const report: BackupReport = { position: null, gtid: null, completed: false }
    const place = { backupConfig: paths.backupConfig, socket: options.server.socket, data: paths.data, temporary }
    // Nobody commits in that moment, so the sums are of what the snapshot shows. A snapshot stands without them.
    const sum = () => {
      if (options.checksums) summing ??= checksumTables(readerOf(gear, options.server.socket), AbortSignal.any([signal, ending.signal])).catch((error: Error) => error)
    }
    const { pipeline, data } = await encode([backupStage(place, report, sum)], compression, key, { background: true, signal })
    await using _programs = pipeline
    const progress = meter('copying', of, tell)
    const parts = await writeParts(data, destination.target, () => void written(pipeline.pids[0]).then((bytes) => bytes !== null && progress(bytes)))
    await pipeline.ended
    const position = requireComplete(report, options.server.position)
    if (options.checksums) tell(began('checksums of the tables'))
    const tables = options.checksums ? sumsAt(await summing, position, tell) : null
    signal.throwIfAborted()
    return await commit(destination, head, { position, gtid: report.gtid, parts, tables }, tell)
  } finally {
    ending.abort()
    await summing
    await rm(temporary, { recursive: true, force: true })
  }
}

/**
 * A logical snapshot: definitions and rows as text, in one state of the server, as one archive, through the same programs.
 * @throws as dumpLogical
 */
export async function takeLogical(gear: Gear, options: TakeOptions): Promise<Taken> {
  const { tell, signal, key, compression } = options
  tell(began('preparing'))
  const head = await headOf(gear, options, 'logical')
  await using destination = await openDestination(options.destination, head, signal)
  const { pipeline, data } = await encode([], compression, key, { signal })
  await using _programs = pipeline
  const dump = dumpLogical({ access: readerOf(gear, options.server.socket), output: pipeline.input, lanes: options.lanes, buffers: 'reused', sums: options.checksums ? 'sums' : 'no-sums', tell: (progress) => tell(fromRows(progress)), signal })
  // Whichever fails first tells why.
  const [{ tables, position, gtidBinlogPos, notes }, parts] = await Promise.all([dump, writeParts(data, destination.target, () => undefined)])
  await pipeline.ended
  for (const note of notes) tell(began(note))
  const at = options.server.position ?? position
  if (at === null) throw new OutsideError('no-position', 'the server told no position of the cluster', 'Is the node Primary? See galeractl status, and run the command again.')
  return await commit(destination, head, { position: at, gtid: gtidBinlogPos === '' ? null : gtidBinlogPos, parts, tables: tables.map(({ schema, name, rows, checksum }) => ({ schema, name, rows, checksum: checksum ?? null })) }, tell)
}

async function commit(destination: OpenDestination, head: Head, found: Pick<Manifest, 'position' | 'gtid' | 'tables'> & { readonly parts: readonly Part[] }, tell: Tell): Promise<Taken> {
  tell(began('making it durable'))
  const manifest: Manifest = { ...head, ...found, parts: [...found.parts], endedAt: new Date().toISOString(), bytes: found.parts.reduce((sum, { bytes }) => sum + bytes, 0) }
  return { manifest, stored: await destination.commit(manifest) }
}

/** Sums of another state than the snapshot's compare with nothing: better none than a snapshot that is thrown away. */
function sumsAt(sums: TableSums | Error | null, position: Gtid, tell: Tell): Manifest['tables'] {
  const none = (why: string) => {
    tell(began(`no checksums: ${why}`))
    return null
  }
  if (sums === null) return none('mariadb-backup did not tell when commits were blocked')
  if (sums instanceof Error) return none(sums.message)
  if (sums.seqno !== null && sums.seqno !== position.seqno) return none(`they are of seqno ${sums.seqno}, the snapshot of ${position.seqno}`)
  return sums.tables.map(({ schema, name, rows, checksum }) => ({ schema, name, rows, checksum }))
}

const readerOf = (gear: Gear, socketPath: string) => ({ socketPath, user: BACKUP_USER, password: backupPassword(configOf(gear)) })

async function headOf(gear: Gear, { id, compression, key, secrets, server }: TakeOptions, kind: Head['kind']): Promise<Head> {
  const config = configOf(gear)
  const { mariadbd } = await findMariadb(config.mariadbBin)
  const settingsOfServer = await readServerSettings(mariadbd, gear.paths.config)
  await using session = new Session(server.socket, agentPassword(config))
  const [bytes, version, galera, { settings, sealed }, events, mark] = await Promise.all([
    dataBytes(gear.paths.data).then(async (inside) => inside + (await bytesApart(gear.paths.data, settingsOfServer))),
    session.query('SELECT VERSION() AS version').then(([row]) => /^[\d.]+/.exec(String(row?.['version']))?.[0] ?? ''),
    session.query("SHOW GLOBAL STATUS LIKE 'wsrep_provider_version'").then(([row]) => row?.['Value']),
    settingsFor(gear, secrets === 'include' ? key : null),
    server.position === null ? readFates(gear) : null,
    clusterMark(config.secret),
  ])
  return {
    format: 1,
    id,
    kind,
    cluster: config.clusterName,
    node: config.name,
    clusterMark: mark,
    startedAt: new Date().toISOString(),
    mariadb: version,
    galera: String(galera ?? ''),
    galeractl: manifestOfPackage.version,
    dataBytes: bytes,
    compression: { method: 'zstd', level: compression.level },
    encryption: encryptionOf(key),
    settings,
    events,
    secrets: sealed,
  }
}

/** By the agent, which asks all nodes. A snapshot stands without them. */
async function readFates({ paths }: Gear): Promise<Head['events']> {
  const answer = await askAgent(paths.agentSocket, 'GET', '/cluster-events').catch(() => null)
  return answer === null ? null : eventFates(JSON.parse(answer) as readonly NodeEvents[]).slice(0, MOST_EVENTS)
}

/** Bytes that a program of ours has written so far, as the kernel counts them; null: it has ended. */
async function written(pid: number | undefined): Promise<number | null> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
  const bytes = /^wchar: (\d+)$/m.exec(io)?.[1]
  return bytes === undefined ? null : Number(bytes)
}
