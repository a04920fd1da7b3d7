import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import manifestOfPackage from '../../package.json' with { type: 'json' }
import type { Gear } from '../gear/gear.ts'
import { configOf } from '../gear/gear.ts'
import type { Gtid } from '../galera/gtid.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { Session } from '../mariadb/session.ts'
import { agentPassword } from '../mariadb/users.ts'
import { backupStage, type BackupReport, dataBytes, requireComplete } from '../snapshot/backup.ts'
import { type Compression, encode, encryptionOf } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import type { Head, Manifest } from '../snapshot/manifest.ts'
import { writeParts } from '../snapshot/parts.ts'
import type { Stored } from '../snapshot/store.ts'
import { began, meter, type Tell } from '../system/progress.ts'
import { type Destination, openDestination } from './destination.ts'
import { settingsFor } from './settings-part.ts'

export interface TakeOptions {
  readonly id: string
  readonly destination: Destination
  readonly compression: Compression
  readonly key: Key | null
  readonly secrets: 'include' | 'omit'
  /** The server that is read. */
  readonly server: { readonly socket: string; /** Where it tells none, as one outside a cluster. */ readonly position: Gtid | null }
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
  const of = await dataBytes(paths.data)
  const head = await headOf(gear, options, 'physical', of)
  await using destination = await openDestination(options.destination, head, signal)
  const temporary = await mkdtemp(join(paths.run, 'snapshot-'))
  try {
    const report: BackupReport = { position: null, gtid: null, completed: false }
    const place = { backupConfig: paths.backupConfig, socket: options.server.socket, data: paths.data, temporary }
    const { pipeline, data } = await encode([backupStage(place, report, () => undefined)], compression, key, { background: true, signal })
    await using _programs = pipeline
    const progress = meter('copying', of, tell)
    const parts = await writeParts(data, destination.target, () => void written(pipeline.pids[0]).then(progress))
    await pipeline.ended
    const position = requireComplete(report, options.server.position)
    tell(began('making it durable'))
    const manifest: Manifest = { ...head, endedAt: new Date().toISOString(), position, gtid: report.gtid, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), parts: [...parts], tables: null }
    return { manifest, stored: await destination.commit(manifest) }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

export async function headOf(gear: Gear, { id, compression, key, secrets, server }: TakeOptions, kind: Head['kind'], bytes: number): Promise<Head> {
  const config = configOf(gear)
  const { version } = await findMariadb(config.mariadbBin)
  await using session = new Session(server.socket, agentPassword(config))
  const galera = (await session.query("SHOW GLOBAL STATUS LIKE 'wsrep_provider_version'"))[0]?.['Value']
  const { settings, sealed } = await settingsFor(gear, secrets === 'include' ? key : null)
  return {
    format: 1,
    id,
    kind,
    cluster: config.clusterName,
    node: config.name,
    startedAt: new Date().toISOString(),
    mariadb: version,
    galera: String(galera ?? ''),
    galeractl: manifestOfPackage.version,
    dataBytes: bytes,
    compression: { method: 'zstd', level: compression.level },
    encryption: encryptionOf(key),
    settings,
    secrets: sealed,
  }
}

/** Bytes that a program of ours has written so far, as the kernel counts them. */
async function written(pid: number | undefined): Promise<number> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '')
  return Number(/^wchar: (\d+)$/m.exec(io)?.[1] ?? 0)
}
