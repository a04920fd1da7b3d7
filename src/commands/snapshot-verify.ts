import { EXIT } from '../errors.ts'
import { findSnapshot, writeVerification } from '../snapshot/store.ts'
import { damagedParts } from '../snapshot/verify.ts'
import { formatBytes, meter } from '../system/progress.ts'
import type { Context, Given } from './command.ts'
import { withProgress } from './progress-output.ts'
import { snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id = '']: readonly string[]): Promise<number> {
  const { dir } = await snapshotFolder(context, given)
  const stored = await findSnapshot(dir, id)
  const { manifest } = stored
  const damaged = await withProgress(context, `Verifying ${manifest.id}`, 'results', (tell) => damagedParts(stored, meter('reading', manifest.bytes, tell)))
  const ok = damaged.length === 0
  const found = ok ? `${manifest.parts.length} ${manifest.parts.length === 1 ? 'part' : 'parts'}, ${formatBytes(manifest.bytes)}: all as they were written` : damaged.join('; ')
  await writeVerification(stored, { at: new Date().toISOString(), deep: false, ok, found })
  if (context.json) context.print(JSON.stringify({ id: manifest.id, ok, damaged }))
  else context.print(ok ? `${manifest.id}: ${found}` : [`${manifest.id} is DAMAGED:`, ...damaged.map((one) => `  ${one}`), '  → Take another copy, or another snapshot.'].join('\n'))
  return ok ? EXIT.done : EXIT.outside
}
