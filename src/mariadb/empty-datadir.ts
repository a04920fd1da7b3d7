import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, namesIn, syncFolder, writeFileAtomic } from '../system/files.ts'
import { BINLOG_BASENAME } from './binlog-config.ts'

/** Which datadirs hold nothing that anybody could miss: state transfer may overwrite them. */

/** In a datadir that setup made, until the first launch. It holds what was there then, for other data may be copied over it. */
const MARK = 'galeractl-empty'

/** What mariadb-install-db leaves, and a server that ran on it and wrote nothing. */
const INSTALLED = new RegExp(`^(${MARK}|aria_log.*|ib_buffer_pool|ib_logfile\\d+|ibdata1|ibtmp1|undo\\d+|.*upgrade_info|multi-master\\.info|ddl_recovery.*|tc\\.log|galera\\.cache|grastate\\.dat.*|gvwstate\\.dat.*|${BINLOG_BASENAME}\\..*)$`)
const SYSTEM_SCHEMAS = new Set(['mysql', 'performance_schema', 'sys'])

/** A datadir was just made. */
export async function markEmpty(datadir: string): Promise<void> {
  await writeFileAtomic(join(datadir, MARK), await fingerprint(datadir), 0o640)
}

/** Before a server is launched on it: what it holds from then on is the server's. Durable. */
export async function unmarkEmpty(datadir: string): Promise<void> {
  if (!(await exists(join(datadir, MARK)))) return
  await rm(join(datadir, MARK))
  await syncFolder(datadir)
}

/** There is nothing in it, or what setup made, untouched. */
export async function isEmptyDatadir(datadir: string): Promise<boolean> {
  const names = await namesIn(datadir)
  return names.length === 0 || (names.includes(MARK) && (await readFile(join(datadir, MARK), 'utf8')) === (await fingerprint(datadir)))
}

/**
 * No tables but the system's, and no file of anything else: as versions before the mark made it, or where the first launch came to nothing. It may
 * hold accounts, so it is not overwritten.
 */
export async function isAsInstalled(datadir: string): Promise<boolean> {
  const entries = await readdir(datadir, { withFileTypes: true })
  const known = entries.map(async (entry) => (entry.isDirectory() ? SYSTEM_SCHEMAS.has(entry.name) || isEmptySchema(join(datadir, entry.name)) : INSTALLED.test(entry.name)))
  return (await Promise.all(known)).every(Boolean)
}

/** As that of the application, which setup makes. */
const isEmptySchema = async (folder: string): Promise<boolean> => (await namesIn(folder)).every((name) => name === 'db.opt')

/** Names, and of files the size and time of the last change. In seconds: archives of a gear keep no more. */
async function fingerprint(datadir: string): Promise<string> {
  const names = (await namesIn(datadir)).filter((name) => name !== MARK)
  const lines = names.map(async (name) => {
    const found = await stat(join(datadir, name))
    return found.isDirectory() ? `${name}/\n` : `${name} ${found.size} ${Math.floor(found.mtimeMs / 1000)}\n`
  })
  return (await Promise.all(lines)).join('')
}
