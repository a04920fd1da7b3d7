import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { elsewhere, filesElsewhere } from './elsewhere.ts'
import { remoteTables } from './remote-tables.ts'
import type { ServerSettings } from './server-settings.ts'

/** Bytes of the files of a datadir that lie outside it and that a backup copies; not the redo log, of which it has a part. */
export async function bytesApart(data: string, settings: ServerSettings): Promise<number> {
  const placed = (await filesElsewhere(await elsewhere(settings, data))).filter((path) => !basename(path).startsWith('ib_logfile'))
  const tables = (await remoteTables(data)).map(({ path }) => path)
  // Tables come and go meanwhile.
  const sizes = [...placed, ...tables].map((path) => stat(path).then(({ size }) => size, () => 0))
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
