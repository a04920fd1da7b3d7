import { EXIT } from '../errors.ts'
import { deepVerify } from '../recovery/deep-verify.ts'
import { findSnapshot, writeVerification } from '../snapshot/store.ts'
import { damagedParts } from '../snapshot/verify.ts'
import { formatBytes, meter } from '../system/progress.ts'
import { abortOnSignals } from '../system/signals.ts'
import type { Context, Given } from './command.ts'
import { withProgress } from './progress-output.ts'
import { keyOf, ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id = '']: readonly string[]): Promise<number> {
  const deep = given['deep'] === true
  const key = await keyOf(given)
  const { gear, dir } = await snapshotFolder(context, given)
  const stored = await findSnapshot(dir, id, () => ownCluster(gear))
  const { manifest } = stored
  const signal = abortOnSignals()
  const { found, wrong } = await withProgress(context, `Verifying ${manifest.id}`, 'results', async (tell) => {
    const damaged = await damagedParts(stored, meter('reading', manifest.bytes, tell), signal)
    if (damaged.length > 0) return { found: damaged.join('; '), wrong: damaged }
    const sums = `${manifest.parts.length} ${manifest.parts.length === 1 ? 'part' : 'parts'}, ${formatBytes(manifest.bytes)}: all as they were written`
    if (!deep) return { found: sums, wrong: [] }
    const restored = await deepVerify(gear, stored, key, tell, signal)
    return { found: `${sums}; ${restored.found}`, wrong: restored.wrong }
  })
  const ok = wrong.length === 0
  await writeVerification(stored, { at: new Date().toISOString(), deep, ok, found })
  if (context.json) context.print(JSON.stringify({ id: manifest.id, ok, deep, found, wrong }))
  else context.print(ok ? `${manifest.id}: ${found}` : [`${manifest.id} is DAMAGED:`, ...wrong.map((one) => `  ${one}`), '  → Take another copy, or another snapshot.'].join('\n'))
  return ok ? EXIT.done : EXIT.outside
}
