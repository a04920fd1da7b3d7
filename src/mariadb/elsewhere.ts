import { copyFile, constants, link, open, realpath, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { isErrno, makeFolder, namesIn, syncFolder, writeFileAtomic } from '../system/files.ts'
import { formatBytes } from '../system/progress.ts'
import type { ServerSettings } from './server-settings.ts'

/** Files of the datadir that the settings want in another folder. */
export interface Elsewhere {
  /** As conf.d spells it. */
  readonly option: string
  readonly folder: string
  readonly holds: (name: string) => boolean
}

const REDO = /^ib_logfile\d+$/
const UNDO = /^undo\d+$/
const ARIA = /^aria_log(_control|\.\d+)$/

/** Where the settings want files that a backup, and a datadir as it is installed, have in the datadir itself. */
export async function elsewhere(settings: ServerSettings, data: string): Promise<readonly Elsewhere[]> {
  const home = resolve(data, settings.get('innodb-data-home-dir') ?? '')
  const systemFiles = (settings.get('innodb-data-file-path') ?? 'ibdata1').split(';').map((file) => resolve(home, file.split(':')[0] ?? ''))
  const systemFolders = [...new Set(systemFiles.map((path) => dirname(path)))]
  const wanted: readonly Elsewhere[] = [
    ...systemFolders.map((folder) => ({ option: 'innodb_data_home_dir', folder, holds: (name: string) => systemFiles.includes(join(folder, name)) })),
    { option: 'innodb_log_group_home_dir', folder: resolve(data, settings.get('innodb-log-group-home-dir') ?? ''), holds: (name) => REDO.test(name) },
    { option: 'innodb_undo_directory', folder: resolve(data, settings.get('innodb-undo-directory') ?? ''), holds: (name) => UNDO.test(name) },
    { option: 'aria_log_dir_path', folder: resolve(data, settings.get('aria-log-dir-path') ?? ''), holds: (name) => ARIA.test(name) },
  ]
  const own = await real(data)
  const found = await Promise.all(wanted.map(async (one) => ((await real(one.folder)) === own ? null : one)))
  return found.filter((one) => one !== null)
}

/** A folder that is not there yet is what its name says. */
const real = (folder: string): Promise<string> => realpath(folder).catch(() => folder)

/** What lies there now: paths. */
export async function filesElsewhere(places: readonly Elsewhere[]): Promise<readonly string[]> {
  const found = places.map(async ({ folder, holds }) => (await namesIn(folder)).filter(holds).map((name) => join(folder, name)))
  return (await Promise.all(found)).flat()
}

/** Of one folder, the files that the settings want elsewhere go there, over what is there. Run again after a cut, it goes on. Durable. */
export async function placeFiles(from: string, places: readonly Elsewhere[]): Promise<void> {
  for (const { folder, holds } of places) {
    await makeFolder(folder, 0o750)
    for (const name of (await namesIn(from)).filter(holds)) await moveFile(join(from, name), join(folder, name))
    await syncFolder(folder)
  }
  await syncFolder(from)
}

/** Also to another file system; a cut leaves the old one or both. The caller makes the folders durable. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (cause) {
    if (!isErrno(cause, 'EXDEV')) throw cause
    const temporary = join(dirname(to), `.${basename(to)}.part`)
    await copyDurably(from, temporary)
    await rename(temporary, to)
    await syncFolder(dirname(to))
    await rm(from)
  }
}

/** A second name for the file, or where that cannot be, a copy. */
export async function duplicate(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  try {
    await link(from, to)
  } catch (cause) {
    if (!isErrno(cause, 'EXDEV') && !isErrno(cause, 'EPERM') && !isErrno(cause, 'EMLINK')) throw cause
    await copyDurably(from, to)
  }
}

async function copyDurably(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    const file = await open(to, 'r+')
    await file.sync().finally(() => file.close())
  } catch (cause) {
    await rm(to, { force: true })
    throw cause
  }
}

/**
 * Whether files can go from one folder to their places and, before, what lies there into `aside`: writable, and with room where another file system is.
 * `more`: other folders, with the bytes that come.
 * @throws UsageError `no-space`; OutsideError `file-write`
 */
export async function requirePlaces(from: string, places: readonly Elsewhere[], aside: string, more: ReadonlyMap<string, number> = new Map()): Promise<void> {
  const { dev } = await stat(aside)
  let copied = 0
  for (const [folder, bytes] of more) {
    await requireWritable(folder)
    if ((await stat(folder)).dev !== dev) requireRoom(bytes, await freeIn(folder), folder)
  }
  for (const { option, folder, holds } of places) {
    await requireWritable(folder)
    if ((await stat(folder)).dev === dev) continue
    const [coming, leaving] = await Promise.all([from, folder].map((one) => bytesOf(one, holds)))
    copied += leaving ?? 0
    requireRoom(coming ?? 0, (await freeIn(folder)) + (leaving ?? 0), `${option} = ${folder}`)
  }
  requireRoom(copied, await freeIn(aside), aside)
}

/** It is made where it is not there. */
async function requireWritable(folder: string): Promise<void> {
  await makeFolder(folder, 0o750)
  const probe = join(folder, '.galeractl-probe')
  await writeFileAtomic(probe, '', 0o600)
  await rm(probe)
}

function requireRoom(needed: number, free: number, where: string): void {
  if (needed > free) throw new UsageError('no-space', `the files of the datadir that lie apart need ${formatBytes(needed)} in ${where}, ${formatBytes(free)} are free`, 'Make room there; nothing was changed.')
}

async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function bytesOf(folder: string, holds: Elsewhere['holds']): Promise<number> {
  const sizes = (await namesIn(folder)).filter(holds).map((name) => stat(join(folder, name)).then(({ size }) => size, () => 0))
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
