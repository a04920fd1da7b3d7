import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { once } from 'node:events'
import { UsageError } from '../errors.ts'
import { exportSnapshot } from '../recovery/copy.ts'
import { findSnapshot } from '../snapshot/store.ts'
import { abortOnSignals } from '../system/signals.ts'
import { type Context, type Given, text } from './command.ts'
import { withProgress } from './progress-output.ts'
import { ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id = '']: readonly string[]): Promise<number> {
  const { gear, dir } = await snapshotFolder(context, given)
  const stored = await findSnapshot(dir, id, () => ownCluster(gear))
  const to = text(given, 'to')
  const signal = abortOnSignals()
  const title = `Exporting ${stored.id}`
  if (to === undefined || to === '-') {
    if (process.stdout.isTTY) throw new UsageError('stdout-is-a-terminal', 'the archive would be written to the terminal', 'Redirect it, or give --to FILE.')
    await withProgress(context, title, 'data', (tell) => exportSnapshot(stored, process.stdout, tell, signal))
    return 0
  }
  const file = resolve(to)
  const unfinished = `${file}.partial`
  const output = createWriteStream(unfinished, { mode: 0o640, flush: true })
  try {
    await once(output, 'open')
    await withProgress(context, title, 'results', (tell) => exportSnapshot(stored, output, tell, signal))
    output.end()
    await once(output, 'close')
    await rename(unfinished, file)
  } catch (error) {
    output.destroy()
    await rm(unfinished, { force: true }).catch(() => undefined)
    throw error
  }
  context.print(context.json ? JSON.stringify({ id: stored.id, file }) : file)
  return 0
}
