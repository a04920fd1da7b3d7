import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { configOf, type Gear } from '../gear/gear.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { requireKey } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'
import { storedSource } from '../snapshot/source.ts'
import type { Stored } from '../snapshot/store.ts'
import { makeFolder } from '../system/files.ts'
import { lockFile } from '../system/lock.ts'
import { meter, type Tell } from '../system/progress.ts'
import { checkTables } from './check-tables.ts'
import { compareSums } from './compare-sums.ts'
import { requireSeries, requireSpace } from './restore-checks.ts'
import { prepare, type Stage, unpack, withServer } from './stage.ts'

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
    const { bavail, bsize } = await statfs(scratch)
    requireSpace(manifest, bavail * bsize, scratch)
    const stage: Stage = { paths, config, mariadb, data: join(scratch, 'data'), server: join(paths.run, 'verify'), tell, signal }
    await unpack(stage, storedSource(stored, meter('unpacking', manifest.bytes, tell)), key)
    await prepare(stage)
    let found: DeepVerification = { ok: false, found: '', wrong: [] }
    await withServer(stage, async (access) => {
      const { tables, wrong } = await checkTables(access, tell)
      const compared = compareSums(manifest.tables, [])
      const all = [...wrong, ...compared.wrong]
      found = { ok: all.length === 0, wrong: all, found: all.length === 0 ? `restored; CHECK TABLE on ${tables} tables found nothing; ${compared.text}` : `restored; ${all.slice(0, 5).join('; ')}` }
    })
    return found
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
    await rm(join(paths.run, 'verify'), { recursive: true, force: true, maxRetries: 3 })
  }
}
