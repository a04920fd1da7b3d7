import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { exists, makeFolder, namesIn, syncFolder, writeFileAtomic } from '../system/files.ts'
import { moveFile } from './elsewhere.ts'

/**
 * Tables with DATA DIRECTORY: InnoDB keeps the path of such a file in `SCHEMA/TABLE.isl`, and opens that file, wherever the datadir was copied to.
 * A backup has the files themselves beside it. There the `.isl` is put out of the way: without it InnoDB takes the file in the datadir [ran].
 */

/** One file outside the datadir. */
interface RemoteTable {
  /** Below the datadir, without its ending: `app/t`. */
  readonly name: string
  readonly path: string
}

const LINK = '.isl'
/** An `.isl` that is to count again when the datadir is in use. */
const WAITING = '.isl.restored'

async function tablesWith(ending: string, data: string): Promise<readonly RemoteTable[]> {
  const schemas = (await readdir(data, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const found = schemas.map(async (schema) => Promise.all((await namesIn(join(data, schema))).filter((name) => name.endsWith(ending)).map(async (name) => ({ name: join(schema, name.slice(0, -ending.length)), path: (await readFile(join(data, schema, name), 'utf8')).trim() }))))
  return (await Promise.all(found)).flat()
}

/** The files outside that a datadir uses, and that are there. */
export async function remoteTables(data: string): Promise<readonly RemoteTable[]> {
  const there = (await tablesWith(LINK, data)).map(async (table) => ((await exists(table.path)) ? table : null))
  return (await Promise.all(there)).filter((table) => table !== null)
}

/** The datadir has the table's file in it from now on. */
export const forgetLink = (data: string, { name }: Pick<RemoteTable, 'name'>): Promise<void> => rm(join(data, `${name}${LINK}`), { force: true })

/** Of a backup that was unpacked: servers on it take the files that are in it. */
export async function keepTablesInside(data: string): Promise<void> {
  for (const { name } of await tablesWith(LINK, data)) await rename(join(data, `${name}${LINK}`), join(data, `${name}${WAITING}`))
}

/** The files of restored tables go to their places again, which are made where they are not there. Run again after a cut, it goes on. */
export async function placeRemoteTables(data: string): Promise<void> {
  for (const { name, path } of await tablesWith(WAITING, data)) {
    const inside = join(data, `${name}.ibd`)
    await makeFolder(dirname(path), 0o750)
    if (await exists(inside)) await moveFile(inside, path)
    await syncFolder(dirname(path))
    await writeFileAtomic(join(data, `${name}${LINK}`), path, 0o660)
    await rm(join(data, `${name}${WAITING}`))
  }
}

/** Folders that tables of this restored datadir go to, with the bytes that come. What is in the way must be of the datadir that is replaced. @throws UsageError `foreign-files` */
export async function remoteFolders(restored: string, replaced: string): Promise<ReadonlyMap<string, number>> {
  const own = new Set((await exists(replaced)) ? (await remoteTables(replaced)).map(({ path }) => path) : [])
  const folders = new Map<string, number>()
  for (const { name, path } of await tablesWith(WAITING, restored)) {
    if (!own.has(path) && (await exists(path))) throw new UsageError('foreign-files', `table ${name.replace('/', '.')} goes to ${path}, its DATA DIRECTORY, where there is a file that is not of this node`, 'Move that file away; nothing was changed.')
    const { size } = await stat(join(restored, `${name}.ibd`))
    folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + size)
  }
  return folders
}
