import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { configOf, type Gear, gearServerFiles } from '../gear/gear.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { findServer } from '../mariadb/server.ts'
import { requireKey } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import { checksumTables, type TableSums } from '../snapshot/logical/checksums.ts'
import { storedSource } from '../snapshot/source.ts'
import type { Stored } from '../snapshot/store.ts'
import { makeFolder } from '../system/files.ts'
import { lockFile } from '../system/lock.ts'
import { meter, type Tell } from '../system/progress.ts'
import { checkTables } from './check-tables.ts'
import { compareSums } from './compare-sums.ts'
import { requireSeries, requireSpace } from './restore-checks.ts'
import { load, prepare, type Stage, unpack, withServer } from './stage.ts'

export interface DeepVerification {
  readonly ok: boolean
  readonly found: string
  readonly wrong: readonly string[]
}

/**
 * Restores the snapshot into a folder of its own, on a server outside of any cluster, runs CHECK TABLE on all tables and compares row counts and
 * checksums with those of its creation, where they were recorded. What runs on the gear is not touched.
 * @throws whatever keeps it from being restored
 */
export async function deepVerify(gear: Gear, stored: Stored, key: Key | null, tell: Tell, signal: AbortSignal): Promise<DeepVerification> {
  const { paths } = gear
  const config = configOf(gear)
  const { manifest } = stored
  const mariadb = await findMariadb(config.mariadbBin)
  requireSeries(manifest, mariadb.series)
  requireKey(manifest, key)
  const scratch = join(paths.dir, 'verify')
  await makeFolder(scratch, 0o750)
  await using _lock = await lockFile(join(paths.run, 'verify.lock'), 'a verification')
  try {
    await rm(join(scratch, 'data'), { recursive: true, force: true, maxRetries: 3 })
    const { bavail, bsize } = await statfs(scratch)
    requireSpace(manifest, bavail * bsize, scratch)
    const stage: Stage = { paths, config, mariadb, data: join(scratch, 'data'), server: join(paths.run, 'verify'), beside: (await findServer(gearServerFiles(paths))) !== null, tell, signal }
    const source = storedSource(stored, meter('unpacking', manifest.bytes, tell))
    if (manifest.kind === 'logical') await load(stage, source, key)
    else {
      await unpack(stage, source, key)
      await prepare(stage)
    }
    let found: DeepVerification = { ok: false, found: '', wrong: [] }
    await withServer(stage, async (access) => {
      const { tables, wrong } = await checkTables(access, tell)
      const sums = manifest.tables?.some(({ checksum }) => checksum !== null) ? await checksumTables(access, signal) : null
      const compared = compareSums(sums === null ? null : manifest.tables, comparable(sums?.tables ?? [], manifest.mariadb.startsWith(`${mariadb.series}.`)))
      const all = [...wrong, ...compared.wrong]
      found = { ok: all.length === 0, wrong: all, found: all.length === 0 ? `restored; CHECK TABLE on ${tables} tables found nothing; ${manifest.kind === 'logical' ? 'row counts are as recorded; ' : ''}${compared.text}` : `restored; ${all.slice(0, 5).join('; ')}` }
    })
    return found
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
    await rm(join(paths.run, 'verify'), { recursive: true, force: true, maxRetries: 3 })
  }
}

/** MariaDB 11.5 has moved the end of time, which is in each current row of a versioned table. */
const comparable = (tables: TableSums['tables'], sameSeries: boolean) => tables.map((one) => (one.versioned && !sameSeries ? { ...one, checksum: null } : one))
