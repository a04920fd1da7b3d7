import { open } from 'node:fs/promises'
import { importSnapshot } from '../recovery/copy.ts'
import { fileError } from '../system/files.ts'
import { formatBytes } from '../system/progress.ts'
import { abortOnSignals } from '../system/signals.ts'
import type { Context, Given } from './command.ts'
import { withProgress } from './progress-output.ts'
import { snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [file = '']: readonly string[]): Promise<number> {
  const { dir } = await snapshotFolder(context, given)
  const input = file === '-' ? process.stdin : await reading(file)
  const signal = abortOnSignals()
  const { id, folder, manifest } = await withProgress(context, 'Importing', 'results', (tell) => importSnapshot(input, dir, tell, signal))
  context.print(context.json ? JSON.stringify({ id, folder, bytes: manifest.bytes }) : `snapshot ${id}: ${formatBytes(manifest.bytes)} in ${folder}`)
  return 0
}

async function reading(file: string) {
  const handle = await open(file, 'r').catch((cause) => {
    throw fileError('read', file, cause)
  })
  return handle.createReadStream({ highWaterMark: 1024 * 1024 })
}
