import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { finishCopy } from './finish.ts'
import { historiesIn, KEPT, nodeFolder } from './folder.ts'
import { namesIn } from '../system/files.ts'

/** Where a copy was begun; a history that came meanwhile has nothing of it. null: nowhere, and the history is not known. */
export async function folderFor({ archive, node }: { readonly archive: string; readonly node: string }, name: string, history: string | null): Promise<string | null> {
  for (const known of await historiesIn(archive)) {
    const folder = nodeFolder(archive, known, node)
    if ((await namesIn(folder)).some((one) => one === `${name}${KEPT.part}` || one === `${name}${KEPT.note}`)) return folder
  }
  return history === null ? null : nodeFolder(archive, history, node)
}

/**
 * Finishes copies whose binary logs are gone: a state transfer or somebody removed them before they ended. `growing`: names of the others.
 * @returns the names of those that were kept
 */
export async function finishLeftovers(archive: string, node: string, growing: ReadonlySet<string>): Promise<readonly string[]> {
  const kept: string[] = []
  for (const history of await historiesIn(archive)) {
    const folder = nodeFolder(archive, history, node)
    const names = await namesIn(folder)
    for (const part of names.filter((name) => name.endsWith(KEPT.part))) {
      const name = part.slice(0, -KEPT.part.length)
      if (growing.has(name)) continue
      if (names.includes(`${name}${KEPT.note}`)) await rm(join(folder, part), { force: true })
      else if ((await finishCopy(folder, name, node)) !== null) kept.push(name)
    }
  }
  return kept
}
