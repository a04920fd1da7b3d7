import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { readOptions, SERVER_GROUPS } from '../mariadb/option-files.ts'
import { serverLogs } from '../mariadb/server-logs.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

const LARGE_LOG_BYTES = 16 * 1024 * 1024
/** Copies of gvwstate.dat that were moved aside are of use for looking back, for a month. */
const OLD_MILLISECONDS = 30 * 86_400_000

export async function run(context: Context): Promise<number> {
  const { paths } = await openedGear(context)
  const removed: string[] = []
  const own = serverLogs(await readOptions(paths.config, SERVER_GROUPS), paths)
  for (const log of [paths.serverLog, paths.agentLog, own.error, own.general, own.slow]) {
    if (log === null) continue
    const info = await stat(log).catch(() => null)
    if (info === null || info.size < LARGE_LOG_BYTES) continue
    await truncate(log)
    removed.push(`${log} (${Math.floor(info.size / 1_048_576)} MiB, emptied)`)
  }
  for (const name of await readdir(paths.data).catch(() => [])) {
    if (!name.startsWith('gvwstate.dat.aside-')) continue
    const path = join(paths.data, name)
    if (Date.now() - (await stat(path)).mtimeMs < OLD_MILLISECONDS) continue
    await rm(path)
    removed.push(path)
  }
  context.print(context.json ? JSON.stringify({ removed }) : removed.length === 0 ? 'nothing to tidy' : removed.join('\n'))
  return 0
}
