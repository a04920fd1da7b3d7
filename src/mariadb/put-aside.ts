import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { exists, isErrno, makeFolder, readIfExists, syncFolder, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import { duplicate, type Elsewhere, filesElsewhere } from './elsewhere.ts'
import { forgetLink, remoteTables } from './remote-tables.ts'

/**
 * Moves a datadir aside whole: what lies elsewhere is moved into it, so that nothing is in the way of what comes next, and the one folder can be
 * opened by itself. It can be cut off anywhere: until the datadir is renamed all stays as it was; then its note, beside the place of the
 * datadir, says what is left to do.
 */

const schema = z.object({ target: z.string(), files: z.array(z.object({ from: z.string(), name: z.string() })) })

/** What a table's file outside ends with. */
const TABLE = '.ibd'

const noteOf = (data: string) => `${data}.moving.json`
const gatheredOf = (target: string) => `${target}.elsewhere`

/** No server runs on it; does nothing where it is not there. `target` is not there, its folder is. @throws Error of the disk, with everything as it was */
export async function putDatadirAside(data: string, places: readonly Elsewhere[], target: string): Promise<void> {
  if (!(await exists(data))) return
  const tables = (await remoteTables(data)).map(({ name, path }) => ({ from: path, name: `${name}${TABLE}` }))
  const files = [...(await filesElsewhere(places)).map((from) => ({ from, name: basename(from) })), ...tables]
  if (files.length > 0) {
    const gathered = gatheredOf(target)
    try {
      await makeFolder(gathered, 0o750)
      for (const { from, name } of files) {
        await makeFolder(dirname(join(gathered, name)), 0o750)
        await duplicate(from, join(gathered, name))
      }
      for (const folder of new Set([gathered, ...files.map(({ name }) => dirname(join(gathered, name)))])) await syncFolder(folder)
      await syncFolder(dirname(gathered))
      await writeFileAtomic(noteOf(data), `${JSON.stringify({ target, files })}\n`, 0o640)
      await rename(data, target)
    } catch (error) {
      await finishPuttingAside(data)
      await rm(gathered, { recursive: true, force: true })
      throw error
    }
  } else await rename(data, target)
  await syncFolder(dirname(target))
  await syncFolder(dirname(data))
  await finishPuttingAside(data)
}

/** What was cut off is brought to its end; before anything else is done with that datadir. */
export async function finishPuttingAside(data: string): Promise<void> {
  const note = parseAs(schema, await readIfExists(noteOf(data)))
  if (note === null) return
  const { target, files } = note
  const gathered = gatheredOf(target)
  if (await exists(target)) {
    for (const { from, name } of files) {
      await gather(join(gathered, name), join(target, name))
      if (name.endsWith(TABLE)) await forgetLink(target, { name: name.slice(0, -TABLE.length) })
      await rm(from, { force: true })
    }
    for (const folder of new Set(files.flatMap(({ from, name }) => [dirname(join(target, name)), dirname(from)]))) if (await exists(folder)) await syncFolder(folder)
  }
  await rm(gathered, { recursive: true, force: true })
  await rm(noteOf(data))
  await syncFolder(dirname(data))
}

/** A file of that name in the datadir was not the one in use. */
async function gather(from: string, to: string): Promise<void> {
  if (!(await exists(from))) return
  await rename(to, `${to}.unused`).catch((cause: unknown) => {
    if (!isErrno(cause, 'ENOENT')) throw cause
  })
  await rename(from, to)
}
