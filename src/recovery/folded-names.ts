import { readdir } from 'node:fs/promises'
import { RefusedError } from '../errors.ts'
import { openOwnSession } from '../mariadb/own-session.ts'
import type { Access, Stage } from './stage.ts'

/** Seconds; nobody else is on that server. */
const LOCK_WAIT = 60
/** So many are named. */
const NAMED = 3

/** Schemas and tables whose names a server with lower_case_table_names=1 cannot find, of paths below a datadir. Pure. */
export function unfindable(paths: readonly string[]): readonly string[] {
  const names = paths.filter((path) => path.endsWith('.frm') && path.includes('/') && !path.includes('/#')).map((path) => path.slice(0, -'.frm'.length).replace('/', '.'))
  // @0041 is how a file name has a character of another alphabet.
  return names.filter((name) => /[A-Z]/.test(name.replaceAll(/@[0-9a-fA-F]{4}/g, ''))).toSorted()
}

/** Files keep their names, whatever the server's setting is. @throws RefusedError `folded-names` */
export async function requireFindable({ data }: Stage, access: Access): Promise<void> {
  const connection = await openOwnSession(access, LOCK_WAIT)
  try {
    const [[row] = []] = (await connection.query('SELECT @@lower_case_table_names AS folding')) as unknown as [{ folding: number }[]]
    if (Number(row?.folding) === 0) return
  } finally {
    connection.destroy()
  }
  const found = unfindable(await readdir(data, { recursive: true }))
  if (found.length > 0) throw new RefusedError('folded-names', `this gear has lower_case_table_names = 1, and the snapshot has ${found.length} ${found.length === 1 ? 'table' : 'tables'} with capital letters, as ${found.slice(0, NAMED).join(', ')}: the server could not find them`, 'Take lower_case_table_names out of conf.d, or restore a logical snapshot, whose names become lower case. Nothing was changed.')
}
